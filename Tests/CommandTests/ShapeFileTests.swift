import SwiftNN
import TestSupport
import Testing

@testable import nnbench

@Suite struct ShapeFileTests {
    private func lines(_ text: String) throws -> [ShapeLine] { try ShapeFolder.parse(text, path: "x.txt") }

    @Test func linesKnowTheirPlaceAndTheirGroup() throws {
        let lines = try lines("# head\n\n a=1   b=2 # why\n[ two words ]# also\nc\n")
        #expect(lines.map(\.text) == ["a=1 b=2", "c"])
        #expect(lines.map(\.group) == ["", "two words"])
        #expect(lines.map(\.number) == [3, 5])
    }

    @Test func fieldsAreReadWithTheirDefaults() throws {
        let line = try lines("word size=3x5 count=7 share=0.5")[0]
        let fields = try line.fields(
            kinds: ["other", "word"], required: ["count"], optional: ["size", "share", "pad"])
        #expect(fields.kind == "word")
        #expect(try fields.size("count") == 7)
        #expect(try fields.axes("size") == (3, 5))
        #expect(try fields.axes("count") == (7, 7))
        #expect(try fields.axes("pad", default: (0, 2), least: 0) == (0, 2))
        #expect(try fields.number("share", default: 1) == 0.5)
        #expect(try fields.number("none", default: 1) == 1)
    }

    /// What is wrong with a file of convolutions, of matrix products, of norms.
    @Test(
        arguments: [
            ("conv", "", "expected a list of problems, found none"),
            ("conv", "# nothing\n[group]\n", "expected a list of problems, found none"),
            ("conv", "[group", "line 1: expected ] at the end"),
            ("conv", "batch=1 in=1 out=1 size=3", "line 1: expected kernel="),
            (
                "conv", "\nbatch=1 in=1 out=1 size=3 kernel=x",
                "line 2: kernel=x: expected a number of at least 1, or HEIGHTxWIDTH"
            ),
            (
                "conv", "batch=1 in=1 out=1 size=3x3x3 kernel=1",
                "line 1: size=3x3x3: expected a number of at least 1, or HEIGHTxWIDTH"
            ),
            (
                "conv", "batch=0 in=1 out=1 size=3 kernel=1",
                "line 1: batch=0: expected a whole number of at least 1"
            ),
            ("conv", "batch=1 batch=1 in=1 out=1 size=3 kernel=1", "line 1: batch stands twice"),
            (
                "conv", "batch=1 in=4 out=6 size=3 kernel=1 groups=4",
                "line 1: groups=4: expected a divisor of in=4 and of out=6"
            ),
            (
                "conv", "batch=1 in=1 out=1 size=3 kernel=5",
                "line 1: expected a kernel that fits into the padded image"
            ),
            ("gemm", "nx m=1 n=1 k=1", "line 1: expected one of nn, nt, tn, tt first, got 'nx'"),
            ("gemm", "nn m=1 n=1 k=1 z=1", "line 1: expected m=, n=, k=, dtype=, got 'z=1'"),
            ("gemm", "nn m=1 n=1 k", "line 1: expected m=, n=, k=, dtype=, got 'k'"),
            ("gemm", "nn m=1 n=1 k=1 dtype=half", "line 1: dtype=half: expected one of float32, bfloat16"),
            (
                "gemm", "nn m=1 n=1 k=99999999999999999999",
                "line 1: k=99999999999999999999: expected a whole number of at least 1"
            ),
            (
                "gemm", "nn m=1 n=1 k=1\nnt m=1 n=1 k=1\nnn m=1  n=1 k=1 # again",
                "line 3: the same problem as in line 1"
            ),
            (
                "norm", "batch-norm batch=1 channels=1 size=1 activation=gelu",
                "line 1: activation=gelu: expected one of none, relu"
            ),
            (
                "activation", "elu count=1 parameter=nan",
                "line 1: parameter=nan: expected a number"
            ),
            ("step", "mlp batch=1 dtype=half", "line 1: dtype=half: expected one of float32, bfloat16"),
            ("pool", "max batch=1 channels=1 size=4 kernel=2 pad=2", "line 1: pad: expected at most half of kernel"),
        ])
    func complaintsNameFileAndPlace(suite: String, text: String, problem: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(text, "\(suite).txt")
        expectFileError(folder["\(suite).txt"], problem) {
            _ = try Suite(rawValue: suite)?.cases(ShapeFolder(path: folder.path))
        }
    }

    @Test func aMissingFileIsNamed() throws {
        let folder = try TemporaryFolder()
        expectFileError(folder["gemm.txt"], "cannot be read: expected a list of problems, a line each, in UTF-8") {
            _ = try Suite.gemm.cases(ShapeFolder(path: folder.path))
        }
    }

    /// The lists that ship with nnbench are read, and name every case differently.
    @Test(arguments: Suite.all.parts) func theShippedListsAreGood(suite: Suite) throws {
        let cases = try suite.cases(.standard)
        #expect(!cases.isEmpty)
        #expect(Set(cases.map(\.name)).count == cases.count)
    }

    @Test func shapesBecomeTheWorkOfTheirDefinition() throws {
        func work(_ suite: Suite, _ text: String) throws -> [Work] {
            let folder = try TemporaryFolder()
            try folder.write(text, "\(suite.rawValue).txt")
            return try suite.cases(ShapeFolder(path: folder.path)).compactMap { ($0 as? any Benchmark)?.work }
        }
        let gemm = try work(.gemm, "nt m=2 n=3 k=5")[0]
        #expect(gemm.operations == 60)
        #expect(gemm.bytes == 124)
        #expect(gemm.ceiling == .multiplyAdd)
        let rounded = try work(.gemm, "nt m=2 n=3 k=5 dtype=bfloat16")[0]
        #expect(rounded.operations == 60)
        #expect(rounded.ceiling == (Ceiling.hasBFloat16 ? .bfloat16MultiplyAdd : .multiplyAdd))
        // 2 images of 4 x 4 outputs, each a sum of 3 · 3 taps of 2 channels, for 4 channels.
        let conv = try work(.conv, "batch=2 in=4 out=4 size=8 kernel=3 stride=2 pad=1 groups=2")
        let products: Double = 2 * 16 * 4 * 18
        #expect(conv.map(\.operations) == [2 * products, 2 * products, 2 * products])
        let norm = try work(.norm, "batch-norm batch=2 channels=3 size=4x5 activation=relu")
        let array: Double = 4 * 120
        #expect(norm.map(\.bytes) == [2 * array, 3 * array])
        #expect(norm.map(\.ceiling) == [.copy, .copy])
        // Forward once, backward twice but for the first layer's data.
        let step = try work(.step, "mlp batch=3")[0]
        let (first, second): (Double, Double) = (784 * 256, 256 * 10)
        #expect(step.operations == 2 * 3 * (2 * first + 3 * second))
        #expect(step.examples == 3)
    }
}
