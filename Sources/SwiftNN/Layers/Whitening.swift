import CKernels

extension Conv2d {
    /// Sets the weights so that the outputs are the patches' uncorrelated components of equal variance, each with both
    /// signs: the first layer of networks that learn fast (Page 2018, "How to train your ResNet"; Jordan 2024).
    ///
    /// Filter i is eᵢ / √(λᵢ + epsilon) for the eigenvectors eᵢ and eigenvalues λᵢ, largest first, of the patches' second
    /// moments; filter i + components is its negative. Freeze it with `weight.requiresGradient = false`.
    ///
    /// - Parameters:
    ///   - images: of `inChannels` channels, normalised as they will be in training.
    ///   - count: how many of them to look at.
    /// - Throws: `ShapeError` where the images have other channels or are smaller than the kernel, and what the data set
    ///   throws.
    public func whiten(_ images: ImageDataset, count: Int = 5_000, epsilon: Double = 5e-4) throws {
        let (channels, height, width) = (weight.shape[1], weight.shape[2], weight.shape[3])
        let components = channels * height * width
        precondition(
            weight.shape[0] == 2 * components,
            "Conv2d.whiten: \(components) components need \(2 * components) output channels, not \(weight.shape[0])")
        guard images.shape[0] == channels, images.shape[1] >= height, images.shape[2] >= width else {
            let expected = "images of \(channels) channels and at least \(height) x \(width) pixels"
            throw ShapeError(layer: "Conv2d.whiten", expected: expected, got: images.shape)
        }
        var patches = PatchMoments(channels: channels, height: height, width: width)
        for first in stride(from: 0, to: min(count, images.count), by: 100) {
            patches.add(try images.batch(first..<min(first + 100, count, images.count)).input)
        }
        let (values, vectors) = patches.eigenvectors()
        let filters = (0..<components).reversed().flatMap { component in
            let scale = 1 / (values[component] + epsilon).squareRoot()
            return (0..<components).map { Float(vectors[component * components + $0] * scale) }
        }
        weight.value = Tensor(filters + filters.map { -$0 }, shape: weight.shape)
    }
}

/// The mean products of all pairs of numbers in a patch.
private struct PatchMoments {
    let channels: Int, height: Int, width: Int
    private var sums: [Double]
    private var count = 0

    init(channels: Int, height: Int, width: Int) {
        (self.channels, self.height, self.width) = (channels, height, width)
        sums = Array(repeating: 0, count: (channels * height * width) * (channels * height * width))
    }

    /// Adds every patch of a batch [N, C, H, W].
    mutating func add(_ images: Tensor) {
        let patches = patches(of: images)
        let products = patches.transposed().matmul(patches).scalars
        for i in sums.indices { sums[i] += Double(products[i]) }
        count += patches.shape[0]
    }

    /// The patches as rows, in the order of a convolution's weights.
    private func patches(of images: Tensor) -> Tensor {
        let (rows, columns) = (images.shape[2] - height + 1, images.shape[3] - width + 1)
        let size = images.shape[2] * images.shape[3]
        return images.contiguous().withSpan { pixels in
            var scalars: [Float] = []
            scalars.reserveCapacity(images.shape[0] * rows * columns * channels * height * width)
            for image in 0..<images.shape[0] {
                for position in 0..<rows * columns {
                    let corner = image * channels * size + position / columns * images.shape[3] + position % columns
                    for channel in 0..<channels {
                        for y in 0..<height {
                            let row = corner + channel * size + y * images.shape[3]
                            for x in 0..<width { scalars.append(pixels[row + x]) }
                        }
                    }
                }
            }
            return Tensor(scalars, shape: [images.shape[0] * rows * columns, channels * height * width])
        }
    }

    /// Eigenvalues, ascending, and the eigenvector of each as a row.
    func eigenvectors() -> (values: [Double], vectors: [Double]) {
        let size = channels * height * width
        var vectors = sums.map { $0 / Double(max(count, 1)) }
        var values = [Double](repeating: 0, count: size)
        var workspace = [UInt64](repeating: 0, count: snn_symmetric_eigen_workspace_size(size) / 8)
        let converged = snn_symmetric_eigen(size, &vectors, &values, &workspace)
        precondition(converged, "Conv2d.whiten: the images have no finite moments")
        return (values, vectors)
    }
}
