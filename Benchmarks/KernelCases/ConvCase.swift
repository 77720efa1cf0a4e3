/// A convolution. A one-dimensional one has height 1.
public struct ConvCase: KernelCase {
    /// One axis of the image.
    public struct Axis: Sendable {
        public var size: Int, kernel: Int, stride: Int, dilation: Int, padBefore: Int, padAfter: Int

        public init(_ size: Int, _ kernel: Int, stride: Int = 1, dilation: Int = 1, pad: (Int, Int) = (0, 0)) {
            self.size = size
            self.kernel = kernel
            self.stride = stride
            self.dilation = dilation
            (padBefore, padAfter) = pad
        }

        public var outputSize: Int {
            let room = size + padBefore + padAfter - dilation * (kernel - 1) - 1
            return room < 0 ? 0 : room / stride + 1
        }
    }

    public var batch: Int, inChannels: Int, outChannels: Int
    public var height: Axis, width: Axis
    public var groups: Int
    /// Whether the input, the weights and the output's gradient are in bfloat16.
    public var bfloat16: Bool

    public init(
        batch: Int, inChannels: Int, outChannels: Int, height: Axis, width: Axis, groups: Int = 1,
        bfloat16: Bool = false
    ) {
        (self.batch, self.inChannels, self.outChannels) = (batch, inChannels, outChannels)
        (self.height, self.width, self.groups, self.bfloat16) = (height, width, groups, bfloat16)
    }

    public var description: String {
        "conv \(batch)x\(inChannels)x\(Self.label(height, width) { $0.size }) to \(outChannels)"
            + " k\(Self.label(height, width) { $0.kernel }) s\(Self.label(height, width) { $0.stride })"
            + " d\(Self.label(height, width) { $0.dilation })"
            + " p\(height.padBefore),\(height.padAfter),\(width.padBefore),\(width.padAfter) g\(groups)"
            + (bfloat16 ? " bfloat16" : "")
    }

    public var operations: Int { 2 * batch * height.outputSize * width.outputSize * weightCount }
    public var weightCount: Int { outChannels * inChannels / groups * height.kernel * width.kernel }
    public var inputCount: Int { batch * height.size * width.size * inChannels }
    public var outputCount: Int { batch * height.outputSize * width.outputSize * outChannels }

    public static let all: [ConvCase] =
        edges + oneDimensional + grouped + filtered + bfloat16Cases + narrowFiltered + largeFiltered

    /// The smaller ones: unoptimised tests compare every number, in many configurations.
    public static var tested: [ConvCase] {
        all.filter { $0.operations <= 40_000_000 && max($0.inputCount, $0.outputCount) <= 200_000 }
    }

    private static func label(_ height: Axis, _ width: Axis, _ number: (Axis) -> Int) -> String {
        "\(number(height))x\(number(width))"
    }

    /// A square image, kernel, stride, dilation and padding.
    static func square(
        _ batch: Int, _ inChannels: Int, _ outChannels: Int, size: Int, kernel: Int, stride: Int = 1, dilation: Int = 1,
        pad: Int = 0, groups: Int = 1
    ) -> ConvCase {
        let axis = Axis(size, kernel, stride: stride, dilation: dilation, pad: (pad, pad))
        return ConvCase(
            batch: batch, inChannels: inChannels, outChannels: outChannels, height: axis, width: axis, groups: groups)
    }

    /// Every combination of awkward channels with some kernel; then strides, paddings, dilations and sizes.
    static let edges: [ConvCase] =
        [1, 3, 7, 17, 33].enumerated().flatMap { i, channels in
            [
                square(2, channels, [33, 17, 7, 3, 1][i], size: 5, kernel: 3, pad: 1),
                square(1, channels, channels, size: 4, kernel: 1),
                square(3, channels, 18, size: 6, kernel: 2, stride: 2),
                square(1, channels, 20, size: 7, kernel: 5, pad: 2),
                square(15, channels, 9, size: 3, kernel: 3, pad: 1),
            ]
        } + [
            square(1, 1, 1, size: 1, kernel: 1),
            square(1, 1, 1, size: 1, kernel: 3, pad: 1),
            square(0, 3, 4, size: 5, kernel: 3),
            square(0, 20, 300, size: 5, kernel: 5),
            square(20, 20, 0, size: 8, kernel: 3),
            square(2, 0, 4, size: 8, kernel: 3, pad: 1),
            square(2, 3, 4, size: 2, kernel: 3),
            square(1, 5, 6, size: 9, kernel: 2, stride: 3),
            square(2, 17, 6, size: 9, kernel: 1, stride: 4),
            square(1, 4, 6, size: 8, kernel: 3, stride: 2, pad: 1),
            square(2, 16, 16, size: 8, kernel: 3, stride: 2, dilation: 2, pad: 2),
            square(2, 18, 8, size: 9, kernel: 3, stride: 3, dilation: 2, pad: 1),
            square(1, 6, 7, size: 9, kernel: 3, dilation: 2, pad: 2),
            square(1, 20, 7, size: 9, kernel: 4, stride: 2, dilation: 3, pad: 4),
            // All of a pixel's taps may be padding.
            square(2, 3, 5, size: 2, kernel: 2, pad: 4),
            square(2, 17, 5, size: 2, kernel: 2, stride: 3, pad: 4),
            ConvCase(
                batch: 2, inChannels: 3, outChannels: 19, height: Axis(7, 3, stride: 2, pad: (0, 2)),
                width: Axis(9, 4, stride: 3, pad: (3, 1))),
            ConvCase(
                batch: 16, inChannels: 19, outChannels: 34, height: Axis(5, 2, pad: (1, 0)),
                width: Axis(6, 3, stride: 2, dilation: 2, pad: (0, 3))),
            // Across images: few channels, a stride with dilation, only padding under a pixel, a kernel that is summed in slices.
            square(25, 6, 16, size: 8, kernel: 5),
            square(20, 19, 11, size: 6, kernel: 3, stride: 2, dilation: 3, pad: 2),
            square(15, 17, 5, size: 2, kernel: 2, stride: 3, pad: 4),
            square(14, 600, 3, size: 2, kernel: 5, pad: 2),
            // More taps than a slice has; gradients that are summed in parts; blocks that are lines of an image.
            square(1, 17, 5, size: 9, kernel: 7, pad: 3),
            square(2, 64, 130, size: 4, kernel: 3, pad: 1),
            square(14, 40, 300, size: 3, kernel: 3, stride: 2, pad: 1),
            square(1, 24, 20, size: 40, kernel: 3, pad: 1),
            square(1, 520, 18, size: 3, kernel: 3, pad: 1),
            // Few pixels, whose channels threads share.
            square(1, 64, 150, size: 8, kernel: 3, pad: 1),
            square(1, 200, 170, size: 6, kernel: 3, stride: 2, pad: 1),
            // Neighbouring pixels joined, of the output, of the input, of both; by folded rows, by taps, with a stride.
            square(3, 1, 6, size: 12, kernel: 5, pad: 2),
            square(17, 6, 16, size: 12, kernel: 5),
            square(2, 20, 2, size: 8, kernel: 3, pad: 1),
            square(2, 2, 4, size: 16, kernel: 7, stride: 2, pad: 3),
            ConvCase(
                batch: 15, inChannels: 3, outChannels: 2, height: Axis(6, 4, stride: 3, dilation: 2, pad: (3, 0)),
                width: Axis(9, 2, pad: (0, 1))),
            // Vectors along the lines: several of them, lines that meet nothing but padding, more images than chunks.
            ConvCase(
                batch: 3, inChannels: 1, outChannels: 3, height: Axis(6, 3, dilation: 2, pad: (3, 1)),
                width: Axis(46, 4, pad: (2, 0))),
            square(2, 1, 2, size: 10, kernel: 3, pad: 4),
            square(17, 1, 7, size: 15, kernel: 2, pad: 1),
            // Runs of a line that overlap: with padding, and lines that none reaches.
            ConvCase(
                batch: 2, inChannels: 3, outChannels: 20, height: Axis(7, 3, dilation: 3),
                width: Axis(9, 5, pad: (4, 1))),
            square(3, 5, 9, size: 3, kernel: 6, pad: 6),
            // Matrix products: several panels of channels, two slices of them, no pixel.
            square(20, 130, 70, size: 7, kernel: 1),
            square(3, 700, 40, size: 5, kernel: 1),
            square(0, 3, 4, size: 5, kernel: 1),
            // By minimal filtering: gradients of several chunks of tiles, sums of several slices of channels.
            square(269, 11, 11, size: 4, kernel: 3, pad: 1),
            square(10, 520, 16, size: 4, kernel: 3, pad: 1),
        ]

    /// By minimal filtering, which takes many tiles to gain: paddings of all kinds and tiles that are cut off. With stride
    /// 2, of even and odd lines and columns, it takes more and larger images.
    public static let filtered: [ConvCase] = [
        (9, 33, 45, 1, (9, (1, 1)), (9, (1, 1))), (12, 19, 70, 1, (10, (2, 0)), (7, (0, 1))),
        (3, 50, 64, 1, (10, (0, 0)), (17, (0, 0))), (40, 64, 64, 1, (3, (1, 1)), (3, (1, 1))),
        // In small tiles.
        (1, 64, 70, 1, (10, (1, 1)), (8, (2, 0))), (1, 65, 44, 1, (11, (1, 1)), (12, (0, 0))),
        (1, 96, 40, 1, (7, (1, 1)), (8, (1, 1))),
        (4, 34, 55, 2, (31, (1, 1)), (31, (1, 1))), (3, 33, 79, 2, (32, (0, 1)), (31, (1, 1))),
        (7, 20, 58, 2, (30, (2, 1)), (31, (1, 1))), (9, 17, 35, 2, (32, (0, 1)), (32, (0, 1))),
    ].map { batch, inChannels, outChannels, stride, height, width in
        ConvCase(
            batch: batch, inChannels: inChannels, outChannels: outChannels,
            height: Axis(height.0, 3, stride: stride, pad: height.1),
            width: Axis(width.0, 3, stride: stride, pad: width.1))
    }

    static let oneDimensional: [ConvCase] =
        [
            (1, 1, 1, Axis(1, 1)), (2, 8, 12, Axis(20, 3, stride: 2)), (3, 3, 33, Axis(17, 5, stride: 2, pad: (4, 0))),
            (2, 33, 7, Axis(40, 9, dilation: 2, pad: (8, 8))), (2, 17, 3, Axis(11, 40, pad: (30, 10))),
        ].map { batch, inChannels, outChannels, width in
            ConvCase(
                batch: batch, inChannels: inChannels, outChannels: outChannels, height: Axis(1, 1), width: width)
        }

    static let grouped: [ConvCase] = [
        square(2, 6, 8, size: 5, kernel: 3, pad: 1, groups: 2),
        square(2, 9, 21, size: 6, kernel: 3, stride: 2, groups: 3),
        square(16, 34, 68, size: 4, kernel: 3, pad: 1, groups: 2),
        square(1, 128, 132, size: 4, kernel: 3, pad: 1, groups: 2),
        square(16, 34, 22, size: 4, kernel: 4, stride: 2, pad: 2, groups: 2),
        // Depthwise, with one output for each channel, and more.
        square(2, 3, 3, size: 5, kernel: 3, pad: 1, groups: 3),
        square(2, 7, 7, size: 6, kernel: 3, stride: 2, pad: 1, groups: 7),
        square(3, 33, 33, size: 7, kernel: 5, dilation: 2, pad: 4, groups: 33),
        square(15, 64, 64, size: 3, kernel: 3, pad: 1, groups: 64),
        square(2, 17, 34, size: 5, kernel: 3, stride: 2, pad: 1, groups: 17),
        square(1, 8, 24, size: 5, kernel: 7, pad: 3, groups: 8),
        square(0, 4, 8, size: 5, kernel: 3, groups: 4),
    ]

    /// In blocks, where the CPU has products of bfloat16 numbers: channels and images that fill blocks and that do not,
    /// gradients of several pieces, strides, dilation, only padding under a pixel, more blocks than a list holds, parts
    /// of an image; and too few channels or images for blocks.
    static let bfloat16Cases: [ConvCase] = [
        square(32, 32, 32, size: 4, kernel: 3, pad: 1),
        square(33, 24, 40, size: 5, kernel: 3, pad: 1),
        square(16, 17, 16, size: 6, kernel: 2, stride: 2),
        square(70, 33, 65, size: 3, kernel: 1),
        // Matrix products of whole blocks: of both passes, of either one.
        square(32, 64, 96, size: 3, kernel: 1),
        square(16, 128, 50, size: 4, kernel: 1),
        square(18, 40, 96, size: 4, kernel: 1),
        square(20, 64, 31, size: 6, kernel: 1, stride: 2),
        square(40, 16, 20, size: 7, kernel: 3, stride: 2, pad: 1),
        square(16, 19, 18, size: 9, kernel: 3, stride: 3, dilation: 2, pad: 1),
        square(17, 20, 16, size: 9, kernel: 4, stride: 2, dilation: 3, pad: 4),
        square(16, 20, 17, size: 2, kernel: 2, stride: 3, pad: 4),
        square(16, 170, 16, size: 4, kernel: 5, pad: 2),
        square(18, 16, 16, size: 12, kernel: 5, pad: 2),
        square(16, 33, 16, size: 9, kernel: 9),
        square(16, 16, 16, size: 2, kernel: 3),
        square(16, 16, 16, size: 1, kernel: 2, stride: 3, pad: 4),
        square(16, 40, 300, size: 3, kernel: 3, stride: 2, pad: 1),
        ConvCase(
            batch: 16, inChannels: 16, outChannels: 34, height: Axis(5, 2, pad: (1, 0)),
            width: Axis(6, 3, stride: 2, dilation: 2, pad: (0, 3))),
        ConvCase(batch: 35, inChannels: 16, outChannels: 18, height: Axis(1, 1), width: Axis(40, 9, pad: (8, 0))),
        // More lines than are summed together.
        ConvCase(
            batch: 16, inChannels: 16, outChannels: 16, height: Axis(24, 3, pad: (1, 1)),
            width: Axis(8, 3, pad: (1, 1))),
        ConvCase(
            batch: 16, inChannels: 16, outChannels: 16, height: Axis(24, 2, dilation: 4, pad: (2, 2)),
            width: Axis(8, 1)),
        square(20, 3, 18, size: 6, kernel: 3, pad: 1),
        square(2, 1, 5, size: 16, kernel: 3, pad: 1),
        square(2, 6, 9, size: 6, kernel: 5, pad: 2),
        square(3, 18, 18, size: 6, kernel: 3, pad: 1),
        square(16, 32, 32, size: 4, kernel: 3, pad: 1, groups: 2),
    ].map(\.inBFloat16)

    /// Filtered although products of pairs are as fast as two of floats, from and to images at 16 bits.
    public static let narrowFiltered: [ConvCase] = [
        square(16, 19, 31, size: 14, kernel: 3),
        ConvCase(
            batch: 16, inChannels: 29, outChannels: 27, height: Axis(12, 3, pad: (1, 1)), width: Axis(14, 3)),
        ConvCase(
            batch: 16, inChannels: 36, outChannels: 44, height: Axis(11, 3, pad: (1, 1)), width: Axis(17, 3)),
    ].map(\.inBFloat16)

    /// Filtered in tiles of eight pixels a side, of which the last have one to seven, and of images enough for weight
    /// gradients too.
    public static let largeFiltered: [ConvCase] = [
        (9, 18, 17, 31, 15), (30, 20, 19, 8, 17), (7, 19, 17, 16, 38), (13, 17, 24, 13, 21), (15, 17, 20, 18, 19),
        (30, 17, 18, 20, 7),
    ].map { batch, inChannels, outChannels, height, width in
        ConvCase(
            batch: batch, inChannels: inChannels, outChannels: outChannels, height: Axis(height, 3, pad: (1, 1)),
            width: Axis(width, 3, pad: (1, 1))
        ).inBFloat16
    }

    private var inBFloat16: ConvCase {
        var conv = self
        conv.bfloat16 = true
        return conv
    }
}
