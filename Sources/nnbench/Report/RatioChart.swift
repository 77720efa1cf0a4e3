import SwiftNN

/// How many times faster than others, a bar each from 1 on: to the right where we are faster.
struct RatioChart {
    let rows: [Row]

    private struct Bar {
        let rival: Int
        let ratio: Double
        let label: String
    }

    private static var rivals: [(name: String, ratio: (Row) -> Double?, label: (Row) -> String)] {
        [
            ("OpenBLAS", \.openBLASRatio, RowText.openBLAS), ("PyTorch", \.pyTorchRatio, RowText.pyTorch),
            ("ONNX Runtime", \.onnxRatio, RowText.onnx), ("one thread", \.speedup, RowText.ofCeiling),
        ]
    }

    private static let width = 1000.0
    private static let barHeight = 9.0
    private static let gap = 7.0

    /// nil where nothing was compared.
    var markup: Markup? {
        let compared = rows.map { (row: $0, bars: bars(of: $0)) }.filter { !$0.bars.isEmpty }
        let used = Set(compared.flatMap { $0.bars.map(\.rival) }).sorted()
        guard !used.isEmpty else { return nil }
        // Names of numbers are wider than words.
        let left = 24 + 1.15 * (compared.map { ChartLegend.width(of: $0.row.name) }.max() ?? 0)
        let right = max(Self.width, left + 300)
        let axis = ChartAxis(
            compared.flatMap { $0.bars.map(\.ratio) } + [1], scale: .logarithmic, maximumTicks: 8, endsAtTicks: false)
        func place(_ ratio: Double) -> Double { left + axis.position(of: ratio) * (right - 48 - left) }
        let legend = ChartLegend(used.map { "against \(Self.rivals[$0].name)" }, left: left, right: right, top: 4)
        var y = legend.height + 12
        let top = y
        var groups: [Markup] = []
        for (row, bars) in compared {
            let marks = bars.enumerated().map { index, bar -> Markup in
                let look = used.firstIndex(of: bar.rival) ?? 0
                return self.bar(from: place(1), to: place(bar.ratio), y: y + Self.barHeight * Double(index), bar, look)
            }
            let middle = y + Self.barHeight * Double(bars.count) / 2 + 4
            groups.append("<text x=\"\(left - 8)\" y=\"\(middle)\" text-anchor=\"end\">\(row.name)</text>\n\(marks)")
            y += Self.barHeight * Double(bars.count) + Self.gap
        }
        let grid = axis.ticks.map { tick -> Markup in
            let x = place(tick.value)
            return """
                <line x1="\(x)" y1="\(top - 4)" x2="\(x)" y2="\(y)"/>\
                <text x="\(x)" y="\(y + 14)" text-anchor="middle">\(tick.label)×</text>

                """
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 \(right) \(y + 24)" role="img" \
            aria-label="Times faster than others">
            <style>\(ChartStyle.css)</style>
            \(legend.markup)<g class="grid">
            \(grid)</g>
            \(groups)<g class="axis"><line x1="\(place(1))" y1="\(top - 4)" x2="\(place(1))" y2="\(y)"/></g>
            </svg>

            """
    }

    private func bars(of row: Row) -> [Bar] {
        Self.rivals.enumerated().compactMap { index, rival in
            rival.ratio(row).flatMap {
                $0 > 0 && $0.isFinite ? Bar(rival: index, ratio: $0, label: rival.label(row)) : nil
            }
        }
    }

    private func bar(from one: Double, to end: Double, y: Double, _ bar: Bar, _ look: Int) -> Markup {
        """
        <g class="bar \(ChartStyle.className(of: look))"><rect x="\(min(one, end))" y="\(y)" \
        width="\(max(abs(end - one), 1))" height="\(Self.barHeight - 1)"/></g>\
        <text x="\(max(one, end) + 5)" y="\(y + 8)" font-size="10">\(bar.label)</text>

        """
    }
}
