/// Lets a model learn from smaller images at first (progressive resizing; Howard 2018, fast.ai's DAWNBench entry): what they
/// show suffices early, and a step costs as much less as they have fewer pixels.
///
/// ```swift
/// // The first 40 % of the steps take images of 24 x 24, all others images as they are.
/// trainer.callbacks.append(ProgressiveResizing([(size: 24, until: 0.4)]))
/// ```
///
/// After augmentation and normalisation every pixel becomes a weighted mean of those around its place: bilinear
/// interpolation with antialiasing, as PyTorch's `interpolate(antialias=True)`. The model must take
/// images of any size, as those with a global pooling do. It is scored on images as they are.
public final class ProgressiveResizing: StatefulCallback, BatchSelection {
    /// Up to `until`, a part of all steps of the training, images have `size` pixels a side.
    public typealias Stage = (size: Int, until: Double)

    public let stages: [Stage]
    private var resized = Batch()
    /// Pixels of the images as they are drawn.
    private var fullArea = 1

    /// - Parameter stages: the first that is not over counts; when all are, images stay as they are.
    public init(_ stages: [Stage]) {
        precondition(
            stages.allSatisfy { $0.size > 0 && (0...1).contains($0.until) },
            "ProgressiveResizing: size > 0, until in 0 ... 1")
        self.stages = stages.sorted { $0.until < $1.until }
    }

    public func select(from batch: Batch, at position: TrainingPosition) throws -> Batch {
        precondition(batch.input.rank == 4, "ProgressiveResizing: the inputs must be images [N, C, H, W]")
        fullArea = max(batch.input.shape[2] * batch.input.shape[3], 1)
        guard let stage = stage(at: position) else { return batch }
        resized.resize(batch, toHeight: stage.size, width: stage.size)
        return resized
    }

    private func stage(at position: TrainingPosition) -> Stage? {
        let done = Double(position.step) / Double(max(position.totalSteps, 1))
        return stages.first { done < $0.until }
    }

    /// What resizing costs counts for nothing beside the model.
    public var multiplyAdds: Int { 0 }

    /// As many pixels.
    public func relativeCost(at position: TrainingPosition) -> Double {
        stage(at: position).map { Double($0.size * $0.size) / Double(fullArea) } ?? 1
    }

    // MARK: State

    /// None: the size follows from the stages and the step.
    public var state: [NamedTensor] { [] }

    public func load(_ state: [String: Tensor]) {}

    public var description: String {
        "ProgressiveResizing(\(stages.map { "\($0.size) px until \($0.until)" }.joined(separator: ", ")))"
    }
}
