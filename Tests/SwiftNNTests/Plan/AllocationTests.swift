import AllocationCounter
import SwiftNN
import TestSupport
import Testing

/// A training step allocates nothing after the first.
@Suite(.enabled(if: allocation_counter_available(), "counts with glibc, not under sanitizers"))
struct AllocationTests {
    /// Code that is not optimised keeps generic values and closures on the heap, a few bytes each: there only blocks of
    /// the size of data count.
    #if DEBUG
        static let least = 256
    #else
        static let least = 1
    #endif

    @Test func theCounterCounts() {
        allocation_counter_begin(Self.least)
        let array = [Int](repeating: 1, count: Int.random(in: 1000...2000))
        #expect(allocation_counter_end() >= 1)
        #expect(array[0] == 1)
    }

    /// Blocks allocated by `body`, which has run before: the first time, Swift may allocate for the types in it.
    private func allocations(in body: () throws -> Void) rethrows -> Int {
        allocation_counter_begin(Self.least)
        defer { allocation_counter_end() }
        try body()
        return allocation_counter_end()
    }

    private static func mlp() -> Sequential {
        Sequential {
            Flatten()
            Linear(192, 64)
            ReLU()
            LayerNorm(64)
            Dropout(0.1)
            Linear(64, 64)
            PReLU(channels: 64)
            GELU()
            Linear(64, 10)
        }
    }

    private static func cnn() -> Sequential {
        Sequential {
            Conv2d(3, 16, kernelSize: 3, padding: 1, bias: false)
            BatchNorm2d(16)
            ReLU()
            Residual(shortcut: Conv2d(16, 24, kernelSize: 1, stride: 2)) {
                Conv2d(16, 24, kernelSize: 3, stride: 2, padding: 1)
                BatchNorm2d(24)
                SiLU()
            }
            MaxPool2d(2)
            AvgPool2d(2, stride: 1)
            Flatten()
            Dropout(0.2)
            Linear(24, 10)
        }
    }

    @Test(arguments: ["mlp", "cnn"], ["sgd", "adamw", "rmsprop"])
    func aTrainingStepAllocatesNothing(model name: String, rule ruleName: String) throws {
        let model = name == "mlp" ? Self.mlp() : Self.cnn()
        let rule: any UpdateRule =
            switch ruleName {
            case "sgd": SGD(lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 1e-4)
            case "adamw": AdamW(amsgrad: true)
            default: RMSProp(momentum: 0.9, centered: true)
            }
        let schedule: any Schedule = ProductSchedule([
            WarmUpSchedule(steps: 2, then: CosineSchedule()), OneCycleSchedule(), StepSchedule(everyEpochs: 1),
            SequenceSchedule([
                (fraction: 0.5, schedule: LinearSchedule()), (fraction: 0.5, schedule: ConstantSchedule()),
            ]),
        ])
        let plan = try Plan(
            model, inputShape: [32, 3, 8, 8], mode: .training, loss: CrossEntropyLoss(labelSmoothing: 0.1))
        let parameters = model.parameters
        let optimizer = Optimizer(rule, parameters)
        let x = Tensor.normal([32, 3, 8, 8], seed: 1)
        let labels = (0..<32).map { Int32($0 % 10) }

        func step(_ number: Int) throws {
            optimizer.rateFactor = schedule.factor(
                at: TrainingPosition(step: number, totalSteps: 20, stepsPerEpoch: 5))
            _ = try plan.forward(x, labels: labels)
            optimizer.clearGradients()
            plan.backward()
            GradientClipping.norm(0.5).apply(to: parameters)
            GradientClipping.value(0.1).apply(to: parameters)
            optimizer.step()
            _ = plan.correctCount
        }
        for threads in 1...2 {
            try withThreads(threads) {
                try step(0)
                for number in 1..<4 {
                    let count = try allocations { try step(number) }
                    #expect(count == 0, "step \(number) on \(threads) threads")
                }
            }
        }
    }

    @Test func valueLossesAndInferenceAllocateNothing() throws {
        let model = Self.mlp()
        let x = Tensor.normal([32, 3, 8, 8], seed: 1)
        let targets = Tensor.uniform([32, 10], seed: 2)
        for loss in [MSELoss(), BCEWithLogitsLoss(), CrossEntropyLoss(targets: .probabilities)] as [any Loss] {
            let plan = try Plan(model, inputShape: x.shape, loss: loss)
            _ = try plan.forward(x, targets: targets)
            let count = try allocations { _ = try plan.forward(x, targets: targets) }
            #expect(count == 0)
        }
    }
}
