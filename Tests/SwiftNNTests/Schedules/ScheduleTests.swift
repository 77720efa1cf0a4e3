import SwiftNN
import TestSupport
import Testing

/// Schedules against torch.optim.lr_scheduler where there is one of the kind, and against their definitions.
@Suite struct ScheduleTests {
    static let tolerance = 1e-6

    @Test(
        arguments: [
            ("constant", ConstantSchedule()),
            ("step", StepSchedule(everyEpochs: 3, gamma: 0.5)),
            ("milestones", MilestoneSchedule(epochs: [2, 5, 6], gamma: 0.3)),
            ("linear", LinearSchedule(from: 0.8, to: 0.1)),
            ("cosine", CosineSchedule(final: 0.1)),
            ("one-cycle", OneCycleSchedule()),
            ("one-cycle-linear", OneCycleSchedule(rise: 0.25, divisor: 10, finalDivisor: 100, shape: .linear)),
        ] as [(String, any Schedule)])
    func agreesWithPyTorch(name: String, schedule: any Schedule) throws {
        let factors = Tensor(factors(schedule, steps: 40, stepsPerEpoch: 4))
        expectClose(factors, try Fixture.schedules.tensor(name), tolerance: Self.tolerance, name)
    }

    @Test func warmsUpAndGoesOn() {
        let schedule = WarmUpSchedule(steps: 3, then: LinearSchedule())
        #expect(factors(schedule, steps: 7, stepsPerEpoch: 7) == [0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25])
        #expect(factors(WarmUpSchedule(steps: 1, from: 0.5), steps: 2, stepsPerEpoch: 2) == [0.75, 1])
    }

    @Test func risesUpToTheLastStep() throws {
        let last = try #require(factors(OneCycleSchedule(rise: 1), steps: 5, stepsPerEpoch: 5).last)
        #expect(abs(last - 1) < 1e-6)
    }

    @Test func multiplies() {
        let schedule = ProductSchedule([LinearSchedule(), StepSchedule(everyEpochs: 1, gamma: 0.5)])
        #expect(factors(schedule, steps: 4, stepsPerEpoch: 2) == [1, 0.75, 0.25, 0.125])
    }

    @Test func followsOneAnother() {
        let schedule = SequenceSchedule([
            (fraction: 0.25, schedule: ConstantSchedule()), (fraction: 0.5, schedule: LinearSchedule(from: 1, to: 0.5)),
            (fraction: 0.25, schedule: CustomSchedule { Float($0.step) }),
        ])
        #expect(factors(schedule, steps: 8, stepsPerEpoch: 8) == [1, 1, 1, 0.875, 0.75, 0.625, 0, 1])
    }

    /// A training of no or of one step, and steps after the last, must not give NaN.
    @Test(arguments: [0, 1, 2]) func staysFinite(totalSteps: Int) {
        let schedules: [any Schedule] = [
            LinearSchedule(), CosineSchedule(), OneCycleSchedule(), OneCycleSchedule(rise: 0),
            OneCycleSchedule(rise: 1),
            WarmUpSchedule(steps: 5, then: CosineSchedule()), StepSchedule(everyEpochs: 1),
            SequenceSchedule([(fraction: 1, schedule: OneCycleSchedule())]),
        ]
        for schedule in schedules {
            for step in 0...totalSteps + 1 {
                let position = TrainingPosition(step: step, totalSteps: totalSteps, stepsPerEpoch: 0)
                #expect(schedule.factor(at: position).isFinite, "\(schedule) at \(step)")
            }
        }
    }

    private func factors(_ schedule: any Schedule, steps: Int, stepsPerEpoch: Int) -> [Float] {
        (0..<steps).map {
            schedule.factor(at: TrainingPosition(step: $0, totalSteps: steps, stepsPerEpoch: stepsPerEpoch))
        }
    }
}
