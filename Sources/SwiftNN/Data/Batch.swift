import CKernels

/// Some samples together: what a data set fills and a model learns from.
///
/// A batch is a value. Filling it again reuses its memory unless a copy of the batch or of its tensors still exists.
public struct Batch: Sendable {
    private var inputs = ReusableTensor()
    private var targetRows = ReusableTensor()
    private var hasTargets = false
    /// The class of every sample; empty where the data set has none.
    public private(set) var labels: [Int32] = []

    /// What augmentation makes of each image, kept for its memory.
    var views: [snn_image_view] = []

    public init() {}

    /// The number of samples.
    public var count: Int { inputs.shape[0] }

    /// The inputs, [count, ...]; with three or more dimensions they are channels-last in memory.
    public var input: Tensor { inputs.tensor }

    /// What the model should compute, [count, ...]; nil where the data set has labels only.
    public var targets: Tensor? { hasTargets ? targetRows.tensor : nil }

    /// Gives the batch `count` inputs of shape `sample` and lets `body` write them in memory order: with three or more
    /// dimensions in all, [count, spatial..., channels].
    public mutating func setInput<R>(
        count: Int, sample: [Int], _ body: (inout MutableSpan<Float>) throws -> R
    ) rethrows -> R {
        try inputs.write(count: count, sample: sample) {
            var span = $0.mutableSpan
            return try body(&span)
        }
    }

    /// Gives the batch `count` targets of shape `sample`, as `setInput` does.
    public mutating func setTargets<R>(
        count: Int, sample: [Int], _ body: (inout MutableSpan<Float>) throws -> R
    ) rethrows -> R {
        try writeTargets(count: count, sample: sample) {
            var span = $0.mutableSpan
            return try body(&span)
        }
    }

    /// Leaves the batch without targets, whatever it was filled with before; they keep their memory.
    public mutating func removeTargets() { hasTargets = false }

    /// Gives the batch `count` labels, which `body` writes.
    public mutating func setLabels<R>(
        count: Int, _ body: (inout MutableSpan<Int32>) throws -> R
    ) rethrows -> R {
        try writeLabels(count: count) {
            var span = $0.mutableSpan
            return try body(&span)
        }
    }

    /// Makes this the samples of another batch at `positions`.
    mutating func gather(_ positions: [Int32], of batch: Batch) {
        let (input, targets) = (batch.input, batch.targets)
        writeInput(count: positions.count, sample: Array(input.shape.dropFirst())) {
            input.copySamples(positions[...], to: $0)
        }
        if let targets {
            writeTargets(count: positions.count, sample: Array(targets.shape.dropFirst())) {
                targets.copySamples(positions[...], to: $0)
            }
        } else {
            removeTargets()
        }
        labels = batch.labels.isEmpty ? [] : positions.map { batch.labels[Int($0)] }
    }

    /// Makes this the samples of another batch, images [N, C, H, W], at another size.
    mutating func resize(_ batch: Batch, toHeight height: Int, width: Int) {
        let images = batch.input
        var shape = snn_resize_shape(
            batch: images.shape[0], height: images.shape[2], width: images.shape[3], channels: images.shape[1],
            out_height: height, out_width: width)
        writeInput(count: batch.count, sample: [images.shape[1], height, width]) { out in
            images.withUnsafePointer { images in
                withUnsafeTemporaryAllocation(
                    byteCount: snn_resize_workspace_size(&shape), alignment: Int(SNN_ALIGNMENT)
                ) { snn_resize(&shape, images, out.baseAddress, $0.baseAddress) }
            }
        }
        (targetRows, hasTargets, labels) = (batch.targetRows, batch.hasTargets, batch.labels)
    }

    /// Changes the inputs in place, in memory order.
    mutating func updateInput(_ body: (UnsafeMutablePointer<Float>) -> Void) { inputs.update(body) }

    mutating func writeInput<R>(
        count: Int, sample: [Int], _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
    ) rethrows -> R {
        try inputs.write(count: count, sample: sample, body)
    }

    mutating func writeTargets<R>(
        count: Int, sample: [Int], _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
    ) rethrows -> R {
        hasTargets = true
        return try targetRows.write(count: count, sample: sample, body)
    }

    mutating func writeLabels<R>(
        count: Int, _ body: (UnsafeMutableBufferPointer<Int32>) throws -> R
    ) rethrows -> R {
        if labels.count > count { labels.removeLast(labels.count - count) }
        if labels.count < count { labels.append(contentsOf: repeatElement(0, count: count - labels.count)) }
        return try labels.withUnsafeMutableBufferPointer { try body($0) }
    }
}

/// Memory for a tensor whose first dimension changes from use to use.
private struct ReusableTensor {
    private(set) var shape = [0]
    private var storage = Storage(uninitialized: 0)

    var tensor: Tensor {
        Tensor(shape: shape, format: shape.count >= 3 ? .channelsLast : .contiguous, storage: storage)
    }

    /// Right after `write`, whose memory is this batch's alone.
    mutating func update(_ body: (UnsafeMutablePointer<Float>) -> Void) {
        withExtendedLifetime(storage) { body(storage.base) }
    }

    mutating func write<R>(
        count: Int, sample: [Int], _ body: (UnsafeMutableBufferPointer<Float>) throws -> R
    ) rethrows -> R {
        if shape.dropFirst().elementsEqual(sample) {
            shape[0] = count
        } else {
            shape = [count] + sample
        }
        let needed = shape.product
        if storage.count < needed || !isKnownUniquelyReferenced(&storage) {
            storage = Storage(uninitialized: needed)
        }
        return try withExtendedLifetime(storage) {
            try body(UnsafeMutableBufferPointer(start: storage.base, count: needed))
        }
    }
}
