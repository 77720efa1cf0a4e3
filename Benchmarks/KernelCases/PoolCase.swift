/// A pooling: max and average, forward and backward.
public struct PoolCase: KernelCase {
    /// One axis of the image.
    public struct Axis: Sendable {
        public var size: Int, kernel: Int, stride: Int
        public var dilation = 1, padBefore = 0, padAfter = 0

        public init(
            _ size: Int, kernel: Int, stride: Int, dilation: Int = 1, padBefore: Int = 0, padAfter: Int? = nil
        ) {
            (self.size, self.kernel, self.stride, self.dilation) = (size, kernel, stride, dilation)
            (self.padBefore, self.padAfter) = (padBefore, padAfter ?? padBefore)
        }
    }

    public var batch: Int, channels: Int
    public var height: Axis, width: Axis
    public var ceilMode = false, countIncludePad = false

    public init(
        batch: Int, channels: Int, _ height: Axis, _ width: Axis, ceilMode: Bool = false, countIncludePad: Bool = false
    ) {
        (self.batch, self.channels, self.height, self.width) = (batch, channels, height, width)
        (self.ceilMode, self.countIncludePad) = (ceilMode, countIncludePad)
    }

    public var description: String {
        func text(_ axis: Axis) -> String {
            "\(axis.size)k\(axis.kernel)s\(axis.stride)d\(axis.dilation)p\(axis.padBefore),\(axis.padAfter)"
        }
        return "pool n\(batch) c\(channels) \(text(height)) x \(text(width))"
            + (ceilMode ? " ceil" : "") + (countIncludePad ? " include-pad" : "")
    }

    /// Elements of the input: pooling reads or writes each at least once.
    public var operations: Int { batch * channels * height.size * width.size }

    /// Every channel tail, windows that overlap, skip, straddle the border and leave it, empty batches and outputs.
    public static let all: [PoolCase] =
        [1, 3, 7, 17, 33, 64, 100].flatMap { channels in
            [
                PoolCase(batch: 2, channels: channels, Axis(6, kernel: 2, stride: 2), Axis(5, kernel: 2, stride: 2)),
                PoolCase(
                    batch: 1, channels: channels, Axis(7, kernel: 3, stride: 2, padBefore: 1),
                    Axis(8, kernel: 3, stride: 1, padBefore: 0, padAfter: 1), ceilMode: true, countIncludePad: true),
            ]
        }
        + geometries.flatMap { height, width in
            [(false, false), (false, true), (true, false), (true, true)].map { ceil, include in
                PoolCase(
                    batch: 2, channels: 5, height, width, ceilMode: ceil, countIncludePad: include)
            }
        } + [
            PoolCase(batch: 0, channels: 3, Axis(4, kernel: 2, stride: 2), Axis(4, kernel: 2, stride: 2)),
            PoolCase(batch: 2, channels: 0, Axis(4, kernel: 2, stride: 2), Axis(4, kernel: 2, stride: 2)),
            PoolCase(batch: 1, channels: 3, Axis(0, kernel: 2, stride: 2), Axis(4, kernel: 2, stride: 2)),
            PoolCase(batch: 3, channels: 130, Axis(9, kernel: 9, stride: 1), Axis(8, kernel: 8, stride: 1)),
            PoolCase(
                batch: 2, channels: 71, Axis(14, kernel: 7, stride: 5, padBefore: 3, padAfter: 2),
                Axis(13, kernel: 7, stride: 3, padBefore: 2)),
            PoolCase(
                batch: 5, channels: 24, Axis(32, kernel: 3, stride: 2, padBefore: 1), Axis(31, kernel: 2, stride: 1)),
        ]

    private static let geometries: [(Axis, Axis)] = [
        (Axis(1, kernel: 1, stride: 1), Axis(1, kernel: 1, stride: 1)),
        (Axis(1, kernel: 1, stride: 1), Axis(20, kernel: 3, stride: 2, padBefore: 1)),
        (Axis(9, kernel: 2, stride: 3), Axis(8, kernel: 1, stride: 4)),
        (Axis(5, kernel: 3, stride: 1, padBefore: 1), Axis(6, kernel: 5, stride: 1, padBefore: 2)),
        (
            Axis(7, kernel: 3, stride: 2, padBefore: 0, padAfter: 1),
            Axis(8, kernel: 4, stride: 3, padBefore: 2, padAfter: 0)
        ),
        (Axis(5, kernel: 2, stride: 2, padBefore: 1), Axis(7, kernel: 3, stride: 3, padBefore: 1)),
        // A window wholly in the padding; a kernel larger than the image and its padding (no output but in ceil mode).
        (
            Axis(3, kernel: 2, stride: 1, padBefore: 3, padAfter: 2),
            Axis(3, kernel: 2, stride: 2, padBefore: 0, padAfter: 4)
        ),
        (Axis(2, kernel: 3, stride: 2), Axis(4, kernel: 4, stride: 4)),
        (Axis(2, kernel: 5, stride: 1), Axis(4, kernel: 2, stride: 2)),
    ]

    /// With dilation, which only max pooling has.
    public static let dilated: [PoolCase] = [
        (Axis(9, kernel: 3, stride: 1, dilation: 2, padBefore: 2), Axis(10, kernel: 2, stride: 2, dilation: 3)),
        (
            Axis(11, kernel: 3, stride: 2, dilation: 3, padBefore: 3, padAfter: 1),
            Axis(7, kernel: 3, stride: 1, dilation: 2)
        ),
        (Axis(1, kernel: 2, stride: 1, dilation: 2, padBefore: 1), Axis(5, kernel: 2, stride: 1, dilation: 4)),
    ].flatMap { height, width in
        [3, 16].map { PoolCase(batch: 2, channels: $0, height, width, ceilMode: $0 == 16) }
    }
}
