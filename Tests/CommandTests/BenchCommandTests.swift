import Foundation
import TestSupport
import Testing

@testable import nnbench

/// `nnbench` as a user calls it, on small problems and without care for the times.
@Suite struct BenchCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func nnbench(_ arguments: [String]) throws -> CommandResult {
        try run(builtProducts + "/nnbench", arguments + ["--quick"])
    }

    private func rows(_ path: String) throws -> [[String: Any]] {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    /// A problem or two of each suite that runs in this process.
    private func writeShapes() throws -> String {
        for (name, text) in [
            ("gemm", "nt m=7 n=5 k=9\ntn m=3 n=2 k=1\nnn m=5 n=9 k=40 dtype=bfloat16\n"),
            (
                "conv",
                "batch=2 in=4 out=6 size=5x7 kernel=3 stride=2x1 pad=1 groups=2\nbatch=1 in=3 out=3 size=6 kernel=2\n"
                    + "batch=2 in=5 out=4 size=6 kernel=3 dtype=bfloat16\n"
            ),
            (
                "pool",
                "max batch=2 channels=3 size=5 kernel=3 stride=2 pad=1\naverage batch=1 channels=2 size=4 kernel=2\n"
            ),
            ("norm", "batch-norm batch=2 channels=3 size=4 activation=relu\nlayer-norm rows=5 channels=7\n"),
            ("activation", "gelu count=100\nelu count=33 parameter=0.5\nrelu count=10\n"),
            ("softmax-cross-entropy", "rows=5 classes=7\n"),
            (
                "optimizer",
                "sgd count=10\nadam count=9\nadamw count=7\nrmsprop count=8\nmuon rows=4 columns=6\n"
                    + "muon rows=5 columns=4 dtype=bfloat16\n"
            ),
            ("step", "mlp batch=3\nmlp batch=2 dtype=bfloat16\n"), ("inference", "lenet5 batch=1\n"),
            ("memory", "mlp batch=2\n"),
        ] {
            try folder.write(text, "shapes/\(name).txt")
        }
        return folder["shapes"]
    }

    /// What an environment forces on OpenBLAS would make a weak peer of it.
    @Test func openBLASChoosesItsKernelsItself() throws {
        let arguments = ["gemm", "--quick", "--shapes", try writeShapes(), "--filter", "m=7"]
        let result = try run(
            builtProducts + "/nnbench", arguments, environment: ["OPENBLAS_CORETYPE": "Prescott"])
        #expect(result.status == 0 && result.output.contains("OpenBLAS"), "\(result.output) \(result.errors)")
        #expect(!result.output.contains("Prescott"))
    }

    @Test func everySuiteIsCheckedAndMeasured() throws {
        let arguments = ["--shapes", try writeShapes(), "--json", folder["new/out.json"], "--html", folder["out.html"]]
        // The cases' names have a = in them, the start of a process (which needs a data set) has not.
        let result = try nnbench(["all", "--filter", "="] + arguments)
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        let cases = try rows(folder["new/out.json"]).filter { $0["group"] as? String != "ceilings" }
        let suites = cases.compactMap { $0["suite"] as? String }
        #expect(
            Set(suites) == [
                "gemm", "conv", "pool", "norm", "activation", "loss", "optimizer", "step", "inference", "memory",
            ])
        for row in cases where row["suite"] as? String != "memory" {
            let (error, tolerance) = (row["error"] as? Double, row["tolerance"] as? Double)
            #expect(try #require(error) <= #require(tolerance), "\(row)")
            #expect(row["seconds"] is Double)
            #expect(row["ceiling_rate"] is Double && row["peak_fraction"] is Double)
            let isInName = (row["case"] as? String)?.contains("dtype=bfloat16") ?? false
            #expect(row["dtype"] as? String == (isInName ? "bfloat16" : "float32"))
        }
        #expect(cases.filter { $0["openblas_ratio"] is Double }.count == 3 + 9)
        #expect(cases.last?["peak_memory_bytes"] is Double)
        let page = try XMLTree.parse(String(contentsOfFile: folder["out.html"], encoding: .utf8))
        #expect(page.all("h2").count == 11)
    }

    @Test func ceilingsStandAroundEverySuite() throws {
        let result = try nnbench([
            "gemm", "--shapes", try writeShapes(), "--filter", "m=7", "--json", folder["out.json"],
        ])
        #expect(result.status == 0, "\(result.errors)")
        let names = try rows(folder["out.json"]).compactMap { $0["case"] as? String }
        let ceilings = CeilingCase.all.map(\.name)
        #expect(
            Set(ceilings).isSuperset(of: [
                "ceiling multiply-add, one thread", "ceiling multiply-add, all threads", "ceiling copy, one thread",
                "ceiling copy, all threads",
            ]))
        // A CPU without instructions for bfloat16 says so.
        #expect(ceilings.contains { $0.contains("bfloat16") } != result.output.contains("\nbfloat16  no instructions"))
        #expect(names == ceilings + ["gemm nt m=7 n=5 k=9"] + ceilings)
        #expect(names.allSatisfy(result.output.contains))
    }

    @Test(.enabled(if: Environment.python != nil)) func peersAgree() throws {
        let python = try #require(Environment.python)
        let shapes = try writeShapes()
        let result = try nnbench([
            "all", "--filter", "=", "--shapes", shapes, "--pytorch", python, "--json", folder["out.json"],
        ])
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        let cases = try rows(folder["out.json"]).filter { $0["group"] as? String != "ceilings" }
        #expect(cases.allSatisfy { $0["pytorch_ratio"] is Double && $0["pytorch_mode"] is String })
    }

    @Test func complaintsAreOneLine() throws {
        try folder.write("nn m=1 n=1\n", "bad/gemm.txt")
        for (arguments, complaint) in [
            (["gemm", "--shapes", folder["bad"]], "\(folder["bad/gemm.txt"]): line 1: expected k="),
            (["gemm", "--filter", "nothing like it"], "--filter nothing like it: no case of 'gemm'"),
            (["peak", "--threads", "0"], "--threads 0: expected 1 to 1024"),
            (["peak", "--json", folder.path], "--json \(folder.path): is a directory"),
            (["peak", "--html", folder.path], "--html \(folder.path): is a directory"),
            (["peak", "--pytorch", "/no/python"], "/no/python: no such program"),
        ] {
            let result = try nnbench(arguments)
            #expect(result.status != 0)
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].hasPrefix("Error: \(complaint)"), "\(result.errors)")
        }
    }

    /// A peer that says something else is a failure of the case, not of the run.
    @Test func whatIsWrongIsARowAndAnExitCode() throws {
        let peer = try folder.write(
            """
            #!/bin/sh
            read line; echo '{"version": "a liar"}'
            while read line; do echo '{"error": "it is 5"}'; done
            """, "python")
        chmod(peer, 0o755)
        let result = try nnbench([
            "gemm", "--shapes", try writeShapes(), "--pytorch", peer, "--json", folder["out.json"],
        ])
        #expect(result.status == 1)
        #expect(
            result.output.contains("FAILED  PyTorch: it is 5")
                && result.output.contains("3 of \(3 + 2 * CeilingCase.all.count) cases failed"))
        let failures = try rows(folder["out.json"]).compactMap { $0["failure"] as? String }
        #expect(failures == Array(repeating: "PyTorch: it is 5", count: 3))
    }
}
