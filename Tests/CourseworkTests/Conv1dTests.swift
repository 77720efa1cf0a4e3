import SwiftNN
import TestSupport
import Testing

@testable import coursework

/// The convolution by itself against torch.nn.Conv1d: output, dx and the sums dW and db.
@Suite struct Conv1dTests {
    /// Float32 arithmetic against float64 arithmetic on the same inputs, relative to the largest element.
    static let tolerance = 2e-6

    struct Sizes: Sendable, CustomTestStringConvertible {
        let channelsIn: Int, channelsOut: Int, kernelSize: Int, stride: Int
        let input: [Int]

        /// The case's name in the fixture.
        var name: String { "\(channelsIn)-\(channelsOut)-\(kernelSize)-\(stride)" }
        var testDescription: String { "\(name) on \(input)" }

        init(_ channelsIn: Int, _ channelsOut: Int, _ kernelSize: Int, _ stride: Int, on input: [Int]) {
            (self.channelsIn, self.channelsOut, self.kernelSize) = (channelsIn, channelsOut, kernelSize)
            (self.stride, self.input) = (stride, input)
        }
    }

    static let sizes = [
        Sizes(8, 12, 3, 2, on: [3, 8, 20]), Sizes(1, 1, 1, 1, on: [1, 1, 1]), Sizes(3, 5, 4, 1, on: [2, 3, 9]),
        Sizes(5, 2, 3, 3, on: [4, 5, 11]), Sizes(2, 7, 5, 4, on: [3, 2, 17]), Sizes(4, 3, 2, 5, on: [2, 4, 12]),
        Sizes(10, 16, 6, 2, on: [5, 10, 50]),
    ]

    @Test(arguments: sizes) func agreesWithPyTorch(_ sizes: Sizes) throws {
        func expected(_ key: String) throws -> Tensor { try Fixture.conv1d.tensor("\(sizes.name)/\(key)") }
        let layer = Conv1d(sizes.channelsIn, sizes.channelsOut, kernelSize: sizes.kernelSize, stride: sizes.stride)
        try layer.load(Fixture.conv1d.tensors(under: "\(sizes.name)/p."))
        let x = try expected("x")
        #expect(x.shape == sizes.input)

        let passes = try Conv1dByItself.passes(of: layer, x, delta: expected("dy"))
        for (actual, key) in [(passes.y, "y"), (passes.dx, "dx"), (passes.dW, "g.weight"), (passes.db, "g.bias")] {
            try expectClose(actual, expected(key), tolerance: Self.tolerance, "\(key) of \(sizes.name)")
        }
        let width = Conv1dByItself.outputWidth(sizes.input[2], kernelSize: sizes.kernelSize, stride: sizes.stride)
        #expect(passes.y.shape == [sizes.input[0], sizes.channelsOut, width])
    }

    @Test func everyFixtureHasItsSizes() {
        let cases = Fixture.conv1d.names(under: "").compactMap { $0.split(separator: "/").first.map(String.init) }
        #expect(Set(cases) == Set(Self.sizes.map(\.name)))
    }
}
