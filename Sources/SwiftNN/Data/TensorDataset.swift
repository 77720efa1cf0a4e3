/// Samples in memory as tensors: a row of features each, with a label or a row of targets.
public struct TensorDataset: Dataset {
    /// [N, ...]
    public let features: Tensor
    /// A class for every sample, or nothing.
    public let labels: [Int32]
    /// [N, ...], where samples have more than a label.
    public let targets: Tensor?
    public let inputShape: [Int]
    private let targetShape: [Int]

    /// - Parameters:
    ///   - features: [N, ...]
    ///   - labels: N classes, or none.
    ///   - targets: [N, ...], or nil.
    public init(_ features: Tensor, labels: [Int32] = [], targets: Tensor? = nil) {
        precondition(features.rank > 0, "TensorDataset: the features need a first dimension of samples")
        precondition(
            labels.isEmpty || labels.count == features.shape[0],
            "TensorDataset: \(labels.count) labels for \(features.shape[0]) samples")
        precondition(
            targets == nil || targets?.shape.first == features.shape[0],
            "TensorDataset: targets \(targets?.shape ?? []) for \(features.shape[0]) samples")
        self.features = Self.inBatchOrder(features)
        self.labels = labels
        self.targets = targets.map(Self.inBatchOrder)
        inputShape = Array(features.shape.dropFirst())
        targetShape = Array((targets?.shape ?? []).dropFirst())
    }

    public var count: Int { features.shape[0] }

    public func fill(_ batch: inout Batch, with indices: ArraySlice<Int32>, in pass: DatasetPass) throws {
        batch.writeInput(count: indices.count, sample: inputShape) { features.copySamples(indices, to: $0) }
        batch.writeLabels(count: labels.isEmpty ? 0 : indices.count) { out in
            for (place, index) in zip(out.indices, indices) { out[place] = labels[Int(index)] }
        }
        if let targets {
            batch.writeTargets(count: indices.count, sample: targetShape) {
                targets.copySamples(indices, to: $0)
            }
        } else {
            batch.removeTargets()
        }
    }

    public func subset(_ indices: [Int]) -> TensorDataset {
        let indices = indices.map(Int32.init)
        func rows(_ tensor: Tensor) -> Tensor {
            let result = Tensor(uninitialized: [indices.count] + tensor.shape.dropFirst(), format: tensor.format)
            let out = UnsafeMutableBufferPointer(start: result.storage.base, count: result.count)
            tensor.copySamples(indices[...], to: out)
            return result
        }
        return TensorDataset(
            rows(features), labels: labels.isEmpty ? [] : indices.map { labels[Int($0)] }, targets: targets.map(rows))
    }

    /// Rows lie in memory as they will in a batch.
    private static func inBatchOrder(_ tensor: Tensor) -> Tensor {
        tensor.converted(to: tensor.rank >= 3 ? .channelsLast : .contiguous)
    }
}
