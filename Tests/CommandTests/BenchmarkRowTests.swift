import Foundation
import SwiftNN
import TestSupport
import Testing

@testable import nnbench

@Suite struct BenchmarkRowTests {
    // MARK: Statistics

    @Test func quantilesLieBetweenRanks() {
        var samples = Samples()
        samples.add(turn: [5, 1, 4])
        samples.add(turn: [2, 3, 11, 7, 6, 8, 9, 10])
        #expect(samples.count == 11)
        #expect([samples.low, samples.median, samples.high] == [2, 6, 10])
        #expect(samples.spread == 8.0 / 6)
        #expect(samples.quantile(0.25) == 3.5)
        #expect(samples.quantile(1) == 11)
        #expect(Samples().median.isNaN)
    }

    @Test func theLimitIsTheMiddleOfTheTurnsBest() {
        var samples = Samples()
        for turn in [[3, 9], [8, 5, 6], [1], []] as [[Double]] { samples.add(turn: turn) }
        #expect(samples.limit == 3)
    }

    // MARK: Disturbances

    private static func samples(_ turns: [[Double]], known: Double? = nil) -> Samples {
        var samples = Samples(knownTime: known)
        for turn in turns { samples.add(turn: turn) }
        return samples
    }

    /// What is compared, and whether it is uncertain.
    @Test(
        arguments: [
            (samples([[2, 2, 9], [3, 2.5, 2.6], [2.4]]), 2, false),
            // Most runs are good, half of the turns are not.
            (samples([[1, 1, 1, 1, 1, 1, 1], [1.6], [1.7]]), 1, true),
            (samples([[16], [1.2, 1, 1.1], [1.2]]), 1.1, false),
            // None of the turns is good.
            (samples([[16], [16.1], [15.9]], known: 0.05), 0.05, true),
            // A single run may be lucky.
            (samples([[1.1], [1.1]], known: 1), 1.1, false),
            (samples([[5]]), 5, false),
        ] as [(Samples, Double, Bool)])
    func theFastestTurnCounts(samples: Samples, undisturbed: Double, isDisturbed: Bool) {
        #expect(samples.undisturbed == undisturbed && samples.isDisturbed == isDisturbed)
    }

    /// A contender with given times, one a turn, the last of them again and again.
    private final class Actor: Contender {
        let knownTime: Double?
        private let times: [Double]
        private(set) var turns = 0

        init(_ times: [Double], known: Double? = nil) { (self.times, knownTime) = (times, known) }

        func turn(seconds: Double) -> [Double] {
            turns += 1
            return [times[min(turns, times.count) - 1]]
        }
        func takeCores() {}
        func leaveCores() {}
    }

    @Test func disturbedContendersGetMoreTurns() throws {
        // Time for just the fewest turns.
        let match = Match(secondsEach: 0, turnSeconds: 1, fewestTurns: 3, patience: 4)
        func turns(_ contenders: Actor...) throws -> [Int] {
            let samples = try match.play(contenders)
            #expect(samples.map(\.count) == contenders.map(\.turns))
            return contenders.map(\.turns)
        }
        #expect(try turns(Actor([1]), Actor([2, 2.1])) == [3, 3])
        // Until most turns are as fast as the fastest one.
        #expect(try turns(Actor([1]), Actor([9, 9, 2])) == [5, 5])
        #expect(try turns(Actor([9, 1, 9, 9, 1]), Actor([2])) == [7, 7])
        #expect(try turns(Actor([1]), Actor([16], known: 0.05)) == [12, 12])
    }

    @Test func moreTurnsEndWithTheTime() {
        let match = Match(secondsEach: 1, turnSeconds: 0.1, fewestTurns: 3, patience: 2)
        let (calm, disturbed) = ([Self.samples([[1], [1]])], [Self.samples([[1], [9], [9]])])
        #expect(match.goesOn(after: 2, seconds: 1000, calm) && !match.goesOn(after: 3, seconds: 1000, calm))
        #expect(match.goesOn(after: 5, seconds: 1000, disturbed) && !match.goesOn(after: 6, seconds: 1000, disturbed))
        #expect(match.goesOn(after: 9, seconds: 2.9, calm) && !match.goesOn(after: 9, seconds: 3.1, calm))
        #expect(match.goesOn(after: 19, seconds: 5.9, disturbed) && !match.goesOn(after: 20, seconds: 0, disturbed))
    }

    @Test func disturbedRowsAreMarked() throws {
        var row = makeRow()
        row.openBLAS = Row.Rival(Self.samples([[4]]))
        #expect([RowText.median(row), RowText.openBLAS(row), RowText.pyTorch(row)] == ["2.00 s", "2.00x", "1.50x"])
        #expect(RowText.legend([row]) == nil)
        row.pyTorch = Row.Rival(Self.samples([[6], [10], [12]]), mode: "eager")
        #expect([RowText.median(row), RowText.openBLAS(row), RowText.pyTorch(row)] == ["2.00 s", "2.00x", "~3.00x"])
        #expect(try object(row)["disturbed"] as? [String] == ["PyTorch"])
        #expect(RowText.legend([row, makeRow()])?.hasPrefix("~  disturbed (1 of 2 rows)") == true)
        row.time(Self.samples([[3], [8], [8]]), nil)
        #expect([RowText.median(row), RowText.openBLAS(row), RowText.pyTorch(row)] == ["~8.00 s", "~1.33x", "~2.00x"])
        #expect(try object(row)["seconds_undisturbed"] as? Double == 3)
        let page = try XMLTree.parse(BenchmarkReport(machine: [], command: [], rows: [row]).html())
        #expect(page.all("p").contains { $0.text.hasPrefix("~  disturbed") })
    }

    // MARK: Checks

    @Test(
        arguments: [
            ([1, 2], nil), ([1, 2.0001], nil), ([1, 2.01], "a differs from PyTorch by 0.00499"),
            ([1, .nan], "a differs from PyTorch by inf"), ([1], "a differs from PyTorch by inf"),
        ] as [([Float], String?)])
    func checksCompareWithTheLargestNumber(values: [Float], complaint: String?) {
        let check = Check(
            [NamedTensor("a", Tensor(values))], against: [NamedTensor("a", Tensor([1, 2]))], by: "PyTorch",
            tolerance: 1e-3)
        #expect((check.failure == nil) == (complaint == nil))
        if let complaint { #expect(check.failure?.contains(complaint) == true, "\(check.failure ?? "")") }
    }

    @Test func checksCompareLengths() {
        let (ours, expected) = (NamedTensor("a", Tensor([3, 4.5])), NamedTensor("a", Tensor([3, 4])))
        let check = Check([ours], against: [expected], by: "", .euclidean, tolerance: 0.1)
        #expect(abs(check.error - 0.1) < 1e-7)
        let broken = [NamedTensor("b", Tensor([1])), NamedTensor("a", Tensor([.nan, 4]))]
        let failed = Check(broken, against: [broken[0], expected], by: "", .euclidean, tolerance: 0.1)
        #expect(failed.failure?.contains("a differs") == true)
    }

    @Test func checksOfGradientsHaveTheirOwnTolerance() {
        func tensors(_ loss: Float, _ gradient: Float) -> [NamedTensor] {
            [NamedTensor("loss", Tensor([loss])), NamedTensor("gradient.w", Tensor([gradient, gradient]))]
        }
        func check(_ loss: Float, _ gradient: Float) -> Check {
            Check(
                tensors(loss, gradient), against: tensors(1, 1), by: "", .euclidean, tolerance: 0.01,
                tolerances: ["gradient.": 0.5])
        }
        #expect(check(1, 0.6).failure == nil)
        #expect(check(1, 0).failure?.contains("gradient.w") == true)
        #expect(check(0.9, 0.6).failure?.contains("loss") == true)
    }

    @Test func checksMissNothing() {
        let (a, b) = (NamedTensor("a", Tensor([1])), NamedTensor("b", Tensor([1])))
        #expect(Check([a], against: [a, b], by: "", tolerance: 1).failure != nil)
        #expect(Check([a, b], against: [a], by: "", tolerance: 1).failure != nil)
        #expect(Check([], against: [], by: "", tolerance: 1).failure != nil)
    }

    // MARK: Rows

    /// 60 operations in 2 seconds beside a machine that does 100 a second, and a rival that takes 3 seconds.
    private func makeRow() -> Row {
        var samples = Samples()
        samples.add(turn: [2, 2, 2])
        let work = Work.arithmetic(60, bytes: 30)
        var row = Row(name: "a <case> & \"more\"", group: "group")
        row.suite = "gemm"
        row.time(samples, work)
        row.compare(withCeiling: 100, of: work)
        row.pyTorch = Row.Rival(Self.samples([[3]]), mode: "eager")
        return row
    }

    private func object(_ row: Row) throws -> [String: Any] {
        let text = try BenchmarkJSON.text([row])
        let array = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
        return try #require(array?.first)
    }

    @Test func rowsBecomeObjectsWithEveryKey() throws {
        let row = try object(makeRow())
        let keys: Set = [
            "case", "suite", "group", "dtype", "isa", "threads", "seconds", "seconds_p10", "seconds_p90", "spread",
            "seconds_undisturbed", "disturbed", "repetitions", "gflops", "gigabytes_per_second", "operations_per_byte",
            "examples_per_second", "ceiling",
            "ceiling_rate", "peak_fraction", "openblas_ratio", "pytorch_ratio", "pytorch_mode", "onnx_ratio",
            "onnx_mode",
            "threads_speedup", "peak_memory_bytes", "error", "tolerance", "checked_by", "failure",
        ]
        #expect(Set(row.keys) == keys)
        #expect(row["case"] as? String == "a <case> & \"more\"" && row["dtype"] as? String == "float32")
        #expect(row["seconds"] as? Double == 2 && row["repetitions"] as? Int == 3 && row["spread"] as? Double == 0)
        #expect(row["gflops"] as? Double == 30e-9 && row["peak_fraction"] as? Double == 0.3)
        #expect(row["operations_per_byte"] as? Double == 2 && row["pytorch_ratio"] as? Double == 1.5)
        #expect(row["openblas_ratio"] is NSNull && row["failure"] is NSNull)
    }

    @Test func memoryIsComparedWhereItIsMeasured() throws {
        var row = Row(name: "", group: "")
        row.memory = 100
        row.pyTorch = Row.Rival(memory: 250, mode: "")
        row.check = Check([], against: [], by: "", tolerance: 1)
        let object = try object(row)
        #expect(object["pytorch_ratio"] as? Double == 2.5 && object["seconds"] is NSNull)
        // JSON has no infinity.
        #expect(object["error"] is NSNull)
    }

    // MARK: The page

    @Test func thePageIsWellFormedAndNeedsNoOtherFile() throws {
        var failed = Row(name: "broken", group: "")
        (failed.suite, failed.failure) = ("conv", "wrong <here>")
        var ceilings = CeilingCase.all.map { Row($0) }
        for (index, ceiling) in CeilingCase.all.enumerated() {
            ceilings[index].suite = "gemm"
            ceilings[index].isCeiling(ceiling.ceiling, rate: 5e9)
        }
        let report = BenchmarkReport(
            machine: [("machine", "a <CPU>")], command: ["nnbench", "--filter", "a&b"],
            rows: ceilings + [makeRow(), failed])
        let page = try XMLTree.parse(report.html())
        #expect(page.all("h2").map(\.text) == ["Roofline", "gemm", "conv"])
        #expect(page.all("dd").map(\.text) == CeilingCase.all.map { "5 \($0.ceiling.unit)" })
        let pictures = page.all("svg")
        #expect(
            pictures.map { $0.attributes["aria-label"] } == ["Attainable and attained", "Times faster than others"])
        #expect(pictures[0].all("circle").map(\.text) == ["a <case> & \"more\": 3e-8 GFLOP/s"])
        #expect(pictures[1].all("g", class: "bar").count == 1)
        #expect(page.all("td", class: "words").map(\.text) == ["eager", "failed: wrong <here>"])
        let html = report.html().replacing("http://www.w3.org/2000/svg", with: "")
        for word in ["http", "//", "@import", "url(", "<script", "<link"] { #expect(!html.contains(word)) }
    }

    @Test func aPageWithoutRowsIsOne() throws {
        let page = try XMLTree.parse(BenchmarkReport(machine: [], command: [], rows: []).html())
        #expect(page.all("svg").isEmpty && page.all("section").isEmpty)
    }

    /// Bars begin at 1 and go to the side of the faster one, alike for equal ratios.
    @Test func barsShowRatios() throws {
        let rows = [2, 0.5].map { ratio in
            var row = Row(name: "\(ratio)", group: "")
            row.time(Self.samples([[1]]), nil)
            row.openBLAS = Row.Rival(Self.samples([[ratio]]))
            return row
        }
        let svg = try XMLTree.parse(try #require(RatioChart(rows: rows).markup).source)
        let bars = svg.all("rect").map { ($0.number("x") ?? 0, $0.number("width") ?? 0) }
        #expect(bars.count == 2)
        #expect(abs(bars[0].0 - (bars[1].0 + bars[1].1)) < 0.3 && abs(bars[0].1 - bars[1].1) < 0.3)
        #expect(RatioChart(rows: [Row(name: "", group: "")]).markup == nil)
    }
}
