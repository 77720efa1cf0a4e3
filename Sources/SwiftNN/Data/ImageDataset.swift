import CKernels

/// Labelled images of one size, kept in memory as bytes and turned into normalised `Float` batch by batch.
public struct ImageDataset: Dataset {
    /// [N, H, W, C], as a part of the file it was read from: a copy of a large one takes a while.
    private let bytes: ArraySlice<UInt8>
    /// [C, H, W]
    public let shape: [Int]
    /// The class of every image, below `classNames.count`.
    public let labels: [Int32]
    /// The name of every class, at the number that labels it.
    public let classNames: [String]

    /// What batches are normalised by: (pixel / 255 - mean) / deviation, for each channel. Until it is set, inputs are
    /// pixel / 255.
    public var normalization: ChannelStatistics? {
        didSet { updateScale() }
    }

    /// How batches are changed at random; nil leaves the images as they are, as a test set's should be.
    public var augmentation: ImageAugmentation?

    /// What `normalization` makes of a byte: byte * scale + shift.
    private var scale: [Float] = []
    private var shift: [Float] = []

    /// - Parameters:
    ///   - pixels: the images one after the other.
    ///   - order: `.channelsLast` for [H, W, C] within an image, `.contiguous` for [C, H, W].
    ///   - shape: [C, H, W] of an image.
    public init(
        pixels: [UInt8], order: MemoryFormat = .channelsLast, shape: [Int], labels: [Int32], classNames: [String]
    ) {
        self.init(pixels: pixels[...], order: order, shape: shape, labels: labels, classNames: classNames)
    }

    init(
        pixels: ArraySlice<UInt8>, order: MemoryFormat = .channelsLast, shape: [Int], labels: [Int32],
        classNames: [String]
    ) {
        precondition(shape.count == 3, "ImageDataset: the shape of an image is [C, H, W], not \(shape)")
        precondition(
            pixels.count == labels.count * shape.product,
            "ImageDataset: \(labels.count) images of \(shape) have not \(pixels.count) bytes")
        precondition(labels.count < Int(Int32.max), "ImageDataset: \(labels.count) images are too many")
        let wrong = labels.first { !(0..<classNames.count ~= Int($0)) }
        precondition(wrong == nil, "ImageDataset: label \(wrong ?? 0) is outside of 0..<\(classNames.count)")
        bytes = order == .channelsLast || shape[0] == 1 ? pixels : Self.interleaved(pixels, shape)[...]
        self.shape = shape
        self.labels = labels
        self.classNames = classNames
        updateScale()
    }

    public var count: Int { labels.count }
    /// [N, H, W, C]; a copy of all where they were read from a file.
    public var pixels: [UInt8] { Array(bytes) }
    public var inputShape: [Int] { shape }

    public func fill(_ batch: inout Batch, with indices: ArraySlice<Int32>, in pass: DatasetPass) throws {
        let wrong = indices.first { !(0..<count ~= Int($0)) }
        precondition(wrong == nil, "ImageDataset: there is no image \(wrong ?? 0) among \(count)")
        if let augmentation {
            let size = (height: shape[1], width: shape[2])
            batch.views.removeAll(keepingCapacity: true)
            for index in indices { batch.views.append(augmentation.view(of: index, window: size, in: pass)) }
        }
        batch.removeTargets()
        let views = batch.views
        indices.withUnsafeBufferPointer { indices in
            batch.writeInput(count: indices.count, sample: shape) { out in write(indices, views: views, to: out) }
            batch.writeLabels(count: indices.count) {
                snn_gather_labels(indices.count, labels, indices.baseAddress, $0.baseAddress)
            }
        }
    }

    private func write(
        _ indices: UnsafeBufferPointer<Int32>, views: [snn_image_view], to out: UnsafeMutableBufferPointer<Float>
    ) {
        bytes.withUnsafeBufferPointer { write($0.baseAddress, indices, views: views, to: out) }
    }

    private func write(
        _ pixels: UnsafePointer<UInt8>?, _ indices: UnsafeBufferPointer<Int32>, views: [snn_image_view],
        to out: UnsafeMutableBufferPointer<Float>
    ) {
        let (channels, height, width) = (shape[0], shape[1], shape[2])
        guard let augmentation else {
            snn_images_to_float(
                indices.count, height * width, channels, pixels, indices.baseAddress, scale, shift, out.baseAddress)
            return
        }
        var viewShape = snn_view_shape(
            batch: indices.count, height: height, width: width, channels: channels, out_height: height,
            out_width: width, edge: augmentation.edge == .reflect ? SNN_EDGE_REFLECT : SNN_EDGE_BLACK)
        snn_views_to_float(&viewShape, pixels, indices.baseAddress, views, scale, shift, out.baseAddress)
    }

    /// It has the normalisation and the augmentation of the whole.
    public func subset(_ indices: [Int]) -> ImageDataset {
        var chosen = [UInt8]()
        chosen.reserveCapacity(indices.count * shape.product)
        for index in indices { chosen += self[index] }
        var result = ImageDataset(
            pixels: chosen, shape: shape, labels: indices.map { labels[$0] }, classNames: classNames)
        result.normalization = normalization
        result.augmentation = augmentation
        return result
    }

    /// The bytes of one image, [H, W, C].
    public subscript(_ index: Int) -> ArraySlice<UInt8> {
        let start = bytes.startIndex + index * shape.product
        return bytes[start..<start + shape.product]
    }

    private mutating func updateScale() {
        let channels = shape[0]
        let statistics =
            normalization
            ?? ChannelStatistics(
                mean: Array(repeating: 0, count: channels), deviation: Array(repeating: 1, count: channels))
        precondition(
            statistics.mean.count == channels && statistics.deviation.count == channels,
            "ImageDataset: \(statistics.mean.count) means for \(channels) channels")
        // A channel of one value has no deviation; it becomes 0.
        let deviation = statistics.deviation.map { $0 > 0 ? $0 : 1 }
        scale = deviation.map { 1 / (255 * $0) }
        shift = zip(statistics.mean, deviation).map { -$0 / $1 }
    }

    /// [N, C, H, W] to [N, H, W, C].
    private static func interleaved(_ planes: ArraySlice<UInt8>, _ shape: [Int]) -> [UInt8] {
        let (channels, area) = (shape[0], shape[1] * shape[2])
        return [UInt8](unsafeUninitializedCapacity: planes.count) { out, count in
            planes.withUnsafeBufferPointer { planes in
                for image in stride(from: 0, to: planes.count, by: max(shape.product, 1)) {
                    for channel in 0..<channels {
                        for pixel in 0..<area {
                            out[image + pixel * channels + channel] = planes[image + channel * area + pixel]
                        }
                    }
                }
            }
            count = planes.count
        }
    }
}

/// The mean and the deviation of each channel, of pixels from 0 to 1.
public struct ChannelStatistics: Sendable, Equatable {
    public let mean: [Float]
    /// Standard deviations; normalisation takes 0 for 1.
    public let deviation: [Float]

    public init(mean: [Float], deviation: [Float]) {
        self.mean = mean
        self.deviation = deviation
    }
}

extension ImageDataset {
    /// The mean and the deviation of each channel over all images, from exact sums.
    public func channelStatistics() -> ChannelStatistics {
        let (channels, samples) = (shape[0], count * shape[1] * shape[2])
        var sums = [UInt64](repeating: 0, count: channels)
        var squares = sums
        bytes.withUnsafeBufferPointer { snn_channel_sums(samples, channels, $0.baseAddress, &sums, &squares) }
        let means = sums.map { Double($0) / Double(max(samples, 1)) }
        let deviations = zip(squares, means).map { squares, mean in
            max(Double(squares) / Double(max(samples, 1)) - mean * mean, 0).squareRoot()
        }
        return ChannelStatistics(mean: means.map { Float($0 / 255) }, deviation: deviations.map { Float($0 / 255) })
    }
}
