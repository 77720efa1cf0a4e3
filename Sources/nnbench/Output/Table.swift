import Foundation

/// Rows of aligned columns, each printed as soon as it is known.
struct Table {
    private struct Column {
        let title: String
        let width: Int
        let text: (Result) -> String
        var leftAligned = false

        func padded(_ text: String) -> String {
            let space = String(repeating: " ", count: max(0, width - text.count))
            return leftAligned ? text + space : space + text
        }
    }

    private let columns: [Column]

    /// - Parameter names: of all rows that will come.
    init(names: [String], peer: Bool) {
        let nameWidth = names.map(\.count).max() ?? 0
        let always = [
            Column(title: "case", width: nameWidth, text: \.name, leftAligned: true),
            Column(title: "threads", width: 7, text: { String($0.threads) }),
            Column(title: "median", width: 9, text: { Self.time($0.seconds) }),
            Column(title: "spread", width: 6, text: { String(format: "%.0f%%", 100 * $0.spread) }),
            Column(title: "rate", width: 14, text: Self.rate),
            Column(title: "of peak", width: 7, text: { Self.number($0.peakFraction, "%.0f%%", factor: 100) }),
            Column(title: "vs OpenBLAS", width: 11, text: { Self.number($0.openBLASRatio, "%.2fx") }),
        ]
        let pyTorch = Column(title: "vs PyTorch", width: 10, text: { Self.number($0.pyTorchRatio, "%.2fx") })
        columns = peer ? always + [pyTorch] : always
    }

    func printHeader() {
        printLine { $0.title }
        print(String(repeating: "-", count: columns.map { $0.width + 2 }.reduce(-2, +)))
    }

    func printRow(_ result: Result) { printLine { $0.text(result) } }

    private func printLine(_ text: (Column) -> String) {
        print(columns.map { $0.padded(text($0)) }.joined(separator: "  "))
        // Each row at once, into a pipe too.
        fflush(nil)
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<1e-3: String(format: "%.1f us", seconds * 1e6)
        case ..<1: String(format: "%.2f ms", seconds * 1e3)
        default: String(format: "%.2f s ", seconds)
        }
    }

    private static func rate(_ result: Result) -> String {
        if let examples = result.examplesPerSecond { return String(format: "%.0f images/s", examples) }
        if let gigabytes = result.rate.gigabytes { return String(format: "%.1f GB/s", gigabytes) }
        return String(format: "%.1f GFLOP/s", result.rate.gigaOperations ?? .nan)
    }

    private static func number(_ value: Double?, _ format: String, factor: Double = 1) -> String {
        value.map { String(format: format, $0 * factor) } ?? "-"
    }
}
