/// The images at `indices`, each byte times its channel's scale plus its shift.
@specialized(where T == Double)
@specialized(where T == Float)
public func referenceImagesToFloat<T: BinaryFloatingPoint>(
    pixels: Int, channels: Int, images: [UInt8], indices: [Int32], scale: [T], shift: [T]
) -> [T] {
    let size = pixels * channels
    return indices.flatMap { index in
        (0..<size).map { T(images[Int(index) * size + $0]) * scale[$0 % channels] + shift[$0 % channels] }
    }
}

/// The sum of the numbers and of their squares, of each channel.
public func referenceChannelSums(channels: Int, _ bytes: [UInt8]) -> (sums: [UInt64], squares: [UInt64]) {
    var (sums, squares) = ([UInt64](repeating: 0, count: channels), [UInt64](repeating: 0, count: channels))
    for (i, byte) in bytes.enumerated() {
        sums[i % channels] += UInt64(byte)
        squares[i % channels] += UInt64(byte) * UInt64(byte)
    }
    return (sums, squares)
}

/// Images [N, H, W, C] at another size: means of all pixels, weighted by their distances on both axes.
@specialized(where T == Double)
@specialized(where T == Float)
public func referenceResize<T: BinaryFloatingPoint>(
    from: (height: Int, width: Int), to: (height: Int, width: Int), channels: Int, _ x: [T]
) -> [T] {
    let rows: [[T]] = referenceResizeWeights(from.height, to.height)
    let columns: [[T]] = referenceResizeWeights(from.width, to.width)
    let size = from.height * from.width * channels
    return stride(from: 0, to: x.count, by: max(size, 1)).flatMap { image in
        rows.flatMap { row in
            columns.flatMap { column in
                (0..<channels).map { channel in
                    var sum: T = 0
                    for i in row.indices where row[i] > 0 {
                        for j in column.indices where column[j] > 0 {
                            sum += row[i] * column[j] * x[image + (i * from.width + j) * channels + channel]
                        }
                    }
                    return sum
                }
            }
        }
    }
}

/// For each new pixel of an axis what every old one contributes: a triangle around its centre, as wide as two pixels of the
/// coarser axis.
private func referenceResizeWeights<T: BinaryFloatingPoint>(_ from: Int, _ to: Int) -> [[T]] {
    let (scale, reach) = (Double(from) / Double(to), max(1, Double(from) / Double(to)))
    return (0..<to).map { position in
        let centre = (Double(position) + 0.5) * scale
        let weights = (0..<from).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
        return weights.map { T($0 / weights.reduce(0, +)) }
    }
}
