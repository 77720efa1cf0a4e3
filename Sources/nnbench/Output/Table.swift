import Foundation
import SwiftNN

/// Rows of aligned columns, each printed as soon as it is known.
struct Table {
    private struct Column {
        let title: String
        let width: Int
        let text: (Row) -> String
        var leftAligned = false

        func padded(_ text: String) -> String {
            let space = String(repeating: " ", count: max(0, width - text.count))
            return leftAligned ? text + space : space + text
        }
    }

    private let columns: [Column]

    /// - Parameter names: of all rows that will come.
    init(names: [String], peer: Bool) {
        let nameWidth = (names + CeilingCase.all.map(\.name)).map(\.count).max() ?? 0
        let always = [
            Column(title: "case", width: nameWidth, text: \.name, leftAligned: true),
            Column(title: "threads", width: 7, text: { String($0.threads) }),
            Column(title: "median", width: 9, text: RowText.median),
            Column(title: "spread", width: 6, text: RowText.spread),
            Column(title: "rate", width: 14, text: RowText.rate),
            Column(title: "of ceiling", width: 10, text: RowText.ofCeiling),
            Column(title: "vs OpenBLAS", width: 11, text: RowText.openBLAS),
        ]
        let rivals = [
            Column(title: "vs PyTorch", width: 10, text: RowText.pyTorch),
            Column(title: "vs ONNX", width: 7, text: RowText.onnx),
            Column(title: "PyTorch's mode", width: 20, text: { $0.pyTorch?.mode ?? "" }, leftAligned: true),
        ]
        columns = peer ? always + rivals : always
    }

    func printHeader() {
        printLine { $0.title }
        print(String(repeating: "-", count: columns.map { $0.width + 2 }.reduce(-2, +)))
    }

    func printRow(_ row: Row) {
        if let failure = row.failure { print("\(row.name)  FAILED  \(failure)") } else { printLine { $0.text(row) } }
        // Each row at once, into a pipe too.
        fflush(nil)
    }

    private func printLine(_ text: (Column) -> String) {
        print(columns.map { $0.padded(text($0)) }.joined(separator: "  "))
    }
}

/// The numbers of a row as the table and the page show them.
enum RowText {
    static func median(_ row: Row) -> String { row.seconds.map { mark(row.isDisturbed) + time($0) } ?? none }

    static func spread(_ row: Row) -> String { row.spread.map { "\(NumberText.fixed(100 * $0, digits: 0))%" } ?? none }

    static func ofCeiling(_ row: Row) -> String {
        if let speedup = row.speedup {
            return mark(row.isDisturbed) + "\(NumberText.fixed(speedup, digits: 2))x of one"
        }
        return row.peakFraction.map { "\(NumberText.fixed(100 * $0, digits: 0))%" } ?? none
    }

    static func openBLAS(_ row: Row) -> String { ratio(row.openBLASRatio, to: row.openBLAS, row) }
    static func pyTorch(_ row: Row) -> String { ratio(row.pyTorchRatio, to: row.pyTorch, row) }
    static func onnx(_ row: Row) -> String { ratio(row.onnxRatio, to: row.onnx, row) }

    private static func ratio(_ ratio: Double?, to rival: Row.Rival?, _ row: Row) -> String {
        let isUncertain = row.isDisturbed || rival?.isDisturbed ?? false
        return ratio.map { mark(isUncertain) + "\(NumberText.fixed($0, digits: 2))x" } ?? none
    }

    /// Before numbers that others on the machine disturbed.
    private static func mark(_ isDisturbed: Bool) -> String { isDisturbed ? "~" : "" }

    /// What the mark means; nil where no row has it.
    static func legend(_ rows: [Row]) -> String? {
        let marked = rows.count { !$0.disturbed.isEmpty }
        guard marked > 0 else { return nil }
        return """
            ~  disturbed (\(marked) of \(rows.count) rows): turns of the same side differed by more than a half, with \
            others at work on the machine. Ratios are of the fastest turn of each side.
            """
    }

    static func rate(_ row: Row) -> String {
        if let memory = row.memory { return NumberText.bytes(Int(memory)) }
        if let examples = row.examplesPerSecond { return "\(NumberText.fixed(examples, digits: 0)) images/s" }
        if let gigabytes = row.gigabytes { return "\(NumberText.fixed(gigabytes, digits: 1)) GB/s" }
        return row.gigaOperations.map { "\(NumberText.fixed($0, digits: 1)) GFLOP/s" } ?? none
    }

    private static let none = "-"

    static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<1e-3: "\(NumberText.fixed(seconds * 1e6, digits: 1)) us"
        case ..<1: "\(NumberText.fixed(seconds * 1e3, digits: 2)) ms"
        default: "\(NumberText.fixed(seconds, digits: 2)) s"
        }
    }
}
