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
