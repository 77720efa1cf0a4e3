/// The names of a chart's lines, each behind a piece of its line, in as many rows as they need.
package struct ChartLegend {
    private struct Entry {
        let index: Int
        let name: String
        let x: Double
        let row: Int
    }

    private let entries: [Entry]
    private let top: Double

    package static let rowHeight = 20.0
    private static let sampleWidth = 26.0
    private static let gap = 20.0

    package init(_ names: [String], left: Double, right: Double, top: Double) {
        var (x, row) = (left, 0)
        var entries: [Entry] = []
        for (index, name) in names.enumerated() {
            let width = Self.sampleWidth + 6 + Self.width(of: name)
            if x > left && x + width > right { (x, row) = (left, row + 1) }
            entries.append(Entry(index: index, name: name, x: x, row: row))
            x += width + Self.gap
        }
        (self.entries, self.top) = (entries, top)
    }

    /// About how wide a text is.
    package static func width(of text: String) -> Double { 6.5 * Double(text.count) }

    package var height: Double { entries.last.map { Self.rowHeight * Double($0.row + 1) } ?? 0 }

    package var markup: Markup {
        let items = entries.map { entry -> Markup in
            let y = top + Self.rowHeight * Double(entry.row) + 6
            let end = entry.x + Self.sampleWidth
            return """
                <g class="line \(ChartStyle.className(of: entry.index))">\
                <polyline points="\(entry.x),\(y) \(end),\(y)"/></g>\
                <text x="\(end + 6)" y="\(y + 4)">\(entry.name)</text>

                """
        }
        return entries.isEmpty ? "" : "<g class=\"legend\">\n\(items)</g>\n"
    }
}
