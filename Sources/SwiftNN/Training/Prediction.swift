extension Layer {
    /// The probabilities that the model gives every class of every sample: the softmax of its outputs, [N, classes].
    ///
    /// - Parameter batchSize: how many samples are computed together; it changes the speed only.
    /// - Throws: `ShapeError` where model and data do not fit, and what the data set throws.
    public func probabilities(for data: any Dataset, batchSize: Int = 500) throws -> Tensor {
        var plans = PlanCache(Sequential([self, Softmax()]), nil, mode: .inference, seed: 0)
        let loader = BatchLoader(data, batchSize: batchSize)
        loader.start(epoch: 0)
        var scalars: [Float] = []
        var classes = 0
        while let batch = try loader.next() {
            let output = try plans.plan(for: batch.input.shape).forward(batch.input)
            classes = output.shape.last ?? 0
            scalars += output.scalars
        }
        return Tensor(scalars, shape: [data.count, classes])
    }
}
