/// One axis of a pooling, by PyTorch's definitions.
public struct ReferencePoolAxis: Sendable {
    let size: Int, kernel: Int, stride: Int, dilation: Int, padBefore: Int, padAfter: Int
    public let out: Int

    public init(
        size: Int, kernel: Int, stride: Int, dilation: Int, padBefore: Int, padAfter: Int, ceilMode: Bool
    ) {
        (self.size, self.kernel, self.stride, self.dilation) = (size, kernel, stride, dilation)
        (self.padBefore, self.padAfter) = (padBefore, padAfter)
        let room = size + padBefore + padAfter - dilation * (kernel - 1) - 1
        var out = Int((Double(room) / Double(stride)).rounded(ceilMode ? .up : .down)) + 1
        if ceilMode && (out - 1) * stride >= size + padBefore { out -= 1 }
        self.out = size == 0 ? 0 : max(out, 0)
    }

    /// The input position under a tap, or nil in the padding.
    func position(_ out: Int, _ tap: Int) -> Int? {
        let position = out * stride - padBefore + tap * dilation
        return (0..<size).contains(position) ? position : nil
    }

    /// How many positions of the window lie in the image, or in the padded image.
    func count(_ out: Int, includePad: Bool) -> Int {
        let (low, high) = includePad ? (-padBefore, size + padAfter) : (0, size)
        return (0..<kernel).filter { (low..<high).contains(out * stride - padBefore + $0) }.count
    }
}

/// A pooling of a channels-last batch.
public struct ReferencePool: Sendable {
    public let batch: Int, channels: Int
    public let vertical: ReferencePoolAxis, horizontal: ReferencePoolAxis
    public let countIncludePad: Bool

    public init(
        batch: Int, channels: Int, vertical: ReferencePoolAxis, horizontal: ReferencePoolAxis, countIncludePad: Bool
    ) {
        (self.batch, self.channels, self.countIncludePad) = (batch, channels, countIncludePad)
        (self.vertical, self.horizontal) = (vertical, horizontal)
    }

    public var inCount: Int { batch * vertical.size * horizontal.size * channels }
    public var outCount: Int { batch * vertical.out * horizontal.out * channels }

    /// Calls `body` for every output element with its index and the windows' taps inside the image, in order: the tap's
    /// number and the index of the input element under it.
    private func forEachWindow(_ body: (_ out: Int, _ row: Int, _ column: Int, _ taps: [(tap: Int, at: Int)]) -> Void) {
        for image in 0..<batch {
            for row in 0..<vertical.out {
                for column in 0..<horizontal.out {
                    for channel in 0..<channels {
                        var taps: [(tap: Int, at: Int)] = []
                        for i in 0..<vertical.kernel {
                            for j in 0..<horizontal.kernel {
                                guard let y = vertical.position(row, i), let x = horizontal.position(column, j) else {
                                    continue
                                }
                                let pixel = (image * vertical.size + y) * horizontal.size + x
                                taps.append((i * horizontal.kernel + j, pixel * channels + channel))
                            }
                        }
                        let pixel = (image * vertical.out + row) * horizontal.out + column
                        body(pixel * channels + channel, row, column, taps)
                    }
                }
            }
        }
    }

    /// The maxima, and the taps they came from (-1 for a window without any).
    @specialized(where T == Double)
    @specialized(where T == Float)
    public func maximum<T: BinaryFloatingPoint>(_ x: [T]) -> (y: [T], argmax: [Int]) {
        var y = [T](repeating: -.infinity, count: outCount)
        var argmax = [Int](repeating: -1, count: outCount)
        forEachWindow { out, _, _, taps in
            guard let first = taps.first else { return }
            (argmax[out], y[out]) = (first.tap, x[first.at])
            for (tap, at) in taps.dropFirst() where x[at] > y[out] || x[at].isNaN {
                (argmax[out], y[out]) = (tap, x[at])
            }
        }
        return (y, argmax)
    }

    @specialized(where T == Double)
    @specialized(where T == Float)
    public func maximumGradient<T: BinaryFloatingPoint>(_ dy: [T], argmax: [Int]) -> [T] {
        var dx = [T](repeating: 0, count: inCount)
        forEachWindow { out, _, _, taps in
            for (tap, at) in taps where tap == argmax[out] { dx[at] += dy[out] }
        }
        return dx
    }

    private func divisor(_ row: Int, _ column: Int) -> Int {
        vertical.count(row, includePad: countIncludePad) * horizontal.count(column, includePad: countIncludePad)
    }

    @specialized(where T == Double)
    @specialized(where T == Float)
    public func average<T: BinaryFloatingPoint>(_ x: [T]) -> [T] {
        var y = [T](repeating: 0, count: outCount)
        forEachWindow { out, row, column, taps in
            guard !taps.isEmpty else { return }
            var sum: T = 0
            for (_, at) in taps { sum += x[at] }
            y[out] = sum / T(divisor(row, column))
        }
        return y
    }

    @specialized(where T == Double)
    @specialized(where T == Float)
    public func averageGradient<T: BinaryFloatingPoint>(_ dy: [T]) -> [T] {
        var dx = [T](repeating: 0, count: inCount)
        forEachWindow { out, row, column, taps in
            for (_, at) in taps { dx[at] += dy[out] / T(divisor(row, column)) }
        }
        return dx
    }
}
