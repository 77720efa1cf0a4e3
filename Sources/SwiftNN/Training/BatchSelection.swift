/// Chooses what a model learns from of every batch that is drawn.
public protocol BatchSelection: TrainerCallback {
    /// The samples of a batch to learn from, at least one. What it throws ends the training.
    ///
    /// - Parameter position: of the step that will learn from them.
    func select(from batch: Batch, at position: TrainingPosition) throws -> Batch

    /// What the last choice cost, as `Plan.multiplyAdds` counts.
    var multiplyAdds: Int { get }

    /// Roughly what a step costs, in parts of one at the end of the training: for those who say how long it will take.
    func relativeCost(at position: TrainingPosition) -> Double
}

extension BatchSelection {
    public func relativeCost(at position: TrainingPosition) -> Double { 1 }
}
