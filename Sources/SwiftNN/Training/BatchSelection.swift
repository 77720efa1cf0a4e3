/// Chooses what a model learns from of every batch that is drawn.
public protocol BatchSelection: TrainerCallback {
    /// The samples of a batch to learn from, at least one.
    func select(from batch: Batch, at position: TrainingPosition) throws -> Batch

    /// What the last choice cost, as `Plan.multiplyAdds` counts.
    var multiplyAdds: Int { get }
}
