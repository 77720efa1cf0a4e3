#if canImport(FoundationEssentials)
    import FoundationEssentials
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a training stands.
public struct TrainingPosition: Sendable, Hashable {
    /// Optimizer steps taken so far.
    public let step: Int
    /// Of the whole training, or of the part of it that a schedule inside of another one is for.
    public let totalSteps: Int
    public let stepsPerEpoch: Int

    public init(step: Int, totalSteps: Int, stepsPerEpoch: Int) {
        (self.step, self.totalSteps, self.stepsPerEpoch) = (step, totalSteps, stepsPerEpoch)
    }

    /// Epochs finished.
    public var epoch: Int { stepsPerEpoch == 0 ? 0 : step / stepsPerEpoch }
    /// From 0 at the first step to 1 after the last.
    public var progress: Float { totalSteps == 0 ? 0 : Float(step) / Float(totalSteps) }
}

/// How the learning rate changes: a factor on the rate the optimizer was made with, for every step.
public protocol Schedule: Sendable {
    /// The factor for the step that follows `position`.
    func factor(at position: TrainingPosition) -> Float
}

/// A schedule from a function.
public struct CustomSchedule: Schedule {
    private let function: @Sendable (TrainingPosition) -> Float
    public init(_ function: @escaping @Sendable (TrainingPosition) -> Float) { self.function = function }
    public func factor(at position: TrainingPosition) -> Float { function(position) }
}

/// The same rate throughout.
public struct ConstantSchedule: Schedule {
    public init() {}
    public func factor(at position: TrainingPosition) -> Float { 1 }
}

/// Multiplies the rate by `gamma` every so many epochs (StepLR).
public struct StepSchedule: Schedule {
    /// Epochs from one multiplication to the next; positive.
    public let everyEpochs: Int
    public let gamma: Float
    public init(everyEpochs: Int, gamma: Float = 0.1) {
        precondition(everyEpochs > 0, "StepSchedule: everyEpochs must be positive")
        (self.everyEpochs, self.gamma) = (everyEpochs, gamma)
    }
    public func factor(at position: TrainingPosition) -> Float { pow(gamma, Float(position.epoch / everyEpochs)) }
}

/// Multiplies the rate by `gamma` at the start of each of the given epochs (MultiStepLR).
public struct MilestoneSchedule: Schedule {
    /// Counted from 0, in any order; an epoch that is there twice counts twice.
    public let epochs: [Int]
    public let gamma: Float
    public init(epochs: [Int], gamma: Float = 0.1) { (self.epochs, self.gamma) = (epochs, gamma) }
    public func factor(at position: TrainingPosition) -> Float {
        pow(gamma, Float(epochs.count { $0 <= position.epoch }))
    }
}

/// From one factor to another along a line.
public struct LinearSchedule: Schedule {
    /// The factor of the first step.
    public let from: Float
    /// The factor that would follow the last step, whose own is still a step short of it.
    public let to: Float
    public init(from: Float = 1, to: Float = 0) { (self.from, self.to) = (from, to) }
    public func factor(at position: TrainingPosition) -> Float { from + (to - from) * position.progress }
}

/// From 1 to `final` along half a cosine (Loshchilov & Hutter 2017, without restarts).
public struct CosineSchedule: Schedule {
    /// The factor that would follow the last step.
    public let final: Float
    public init(final: Float = 0) { self.final = final }
    public func factor(at position: TrainingPosition) -> Float {
        final + (1 - final) * (1 + cos(.pi * position.progress)) / 2
    }
}

/// Up from 1 / `divisor` to 1 and down to 1 / (`divisor` · `finalDivisor`) at the last step (Smith & Topin 2018;
/// OneCycleLR): the optimizer's rate is the largest.
public struct OneCycleSchedule: Schedule, CustomStringConvertible {
    /// Along which curve the rate goes, up and down.
    public enum Shape: Sendable { case cosine, linear }

    /// The part of the training in which the rate goes up.
    public let rise: Float
    /// The largest rate over the first step's.
    public let divisor: Float
    /// The first step's rate over the last's.
    public let finalDivisor: Float
    /// Of both slopes.
    public let shape: Shape

    public init(rise: Float = 0.3, divisor: Float = 25, finalDivisor: Float = 1e4, shape: Shape = .cosine) {
        precondition((0...1).contains(rise), "OneCycleSchedule: rise must be in 0 ... 1")
        (self.rise, self.divisor, self.finalDivisor, self.shape) = (rise, divisor, finalDivisor, shape)
    }

    public func factor(at position: TrainingPosition) -> Float {
        // As PyTorch counts: the top is at step rise · totalSteps − 1.
        let step = Float(position.step)
        let top = rise * Float(position.totalSteps) - 1
        let end = Float(position.totalSteps - 1)
        if step < top { return between(1 / divisor, 1, at: step / top) }
        return between(1, 1 / (divisor * finalDivisor), at: top < end ? min((step - top) / (end - top), 1) : 0)
    }

    public var description: String {
        "OneCycleSchedule(rise: \(rise), divisor: \(divisor), finalDivisor: \(finalDivisor), shape: .\(shape))"
    }

    private func between(_ a: Float, _ b: Float, at t: Float) -> Float {
        shape == .linear ? a + (b - a) * t : b + (a - b) * (1 + cos(.pi * t)) / 2
    }
}

/// From `from` to 1 over the first steps, and then another schedule over the rest.
public struct WarmUpSchedule: Schedule {
    /// How many steps the factor rises over: at step i of them, from 0, (i + 1) / (steps + 1) of the way is done.
    public let steps: Int
    /// The factor that the way starts at; the first step's is already above it.
    public let from: Float
    private let then: any Schedule

    /// - Parameter then: sees a training without the first steps.
    public init(steps: Int, from: Float = 0, then: any Schedule = ConstantSchedule()) {
        (self.steps, self.from, self.then) = (steps, from, then)
    }

    public func factor(at position: TrainingPosition) -> Float {
        guard position.step >= steps else { return from + (1 - from) * Float(position.step + 1) / Float(steps + 1) }
        return then.factor(
            at: TrainingPosition(
                step: position.step - steps, totalSteps: position.totalSteps - steps,
                stepsPerEpoch: position.stepsPerEpoch))
    }
}

/// The product of schedules.
public struct ProductSchedule: Schedule {
    private let schedules: [any Schedule]
    public init(_ schedules: [any Schedule]) { self.schedules = schedules }
    public func factor(at position: TrainingPosition) -> Float {
        schedules.reduce(1) { $0 * $1.factor(at: position) }
    }
}

/// One schedule after the other, each over its part of the training and starting anew.
public struct SequenceSchedule: Schedule {
    private let parts: [(fraction: Float, schedule: any Schedule)]

    /// - Parameter parts: fractions of the training that add up to 1, each with its schedule.
    public init(_ parts: [(fraction: Float, schedule: any Schedule)]) {
        precondition(!parts.isEmpty, "SequenceSchedule: needs a part")
        self.parts = parts
    }

    public func factor(at position: TrainingPosition) -> Float {
        var start = 0
        var end: Float = 0
        for (index, part) in parts.enumerated() {
            end += part.fraction
            let last =
                index == parts.count - 1 ? position.totalSteps : Int((Float(position.totalSteps) * end).rounded())
            if position.step < last || index == parts.count - 1 {
                return part.schedule.factor(
                    at: TrainingPosition(
                        step: position.step - start, totalSteps: last - start, stepsPerEpoch: position.stepsPerEpoch))
            }
            start = last
        }
        return 1
    }
}
