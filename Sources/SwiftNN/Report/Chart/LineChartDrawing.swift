/// Lays a `LineChart` out and draws it.
struct LineChartDrawing {
    private typealias Point = (x: Double, y: Double)

    private let chart: LineChart
    private let xAxis: ChartAxis
    private let yAxis: ChartAxis
    private let legend: ChartLegend
    /// The edges of the area of the lines.
    private let left: Double
    private let top: Double
    private let bottom: Double

    private static let width = 600.0
    private static let right = width - 24
    private static let footHeight = 46.0
    private static let titleHeight = 28.0
    /// More points than this get no dots.
    private static let dotLimit = 40

    init(_ chart: LineChart) {
        self.chart = chart
        let scale = chart.yScale
        let shown = chart.series.flatMap { Self.points($0, scale) }.compactMap(\.self)
        xAxis = ChartAxis(shown.map(\.x), scale: .linear, maximumTicks: 10, endsAtTicks: false)
        yAxis = ChartAxis(shown.map(\.y), scale: scale, maximumTicks: 6, endsAtTicks: true)
        left = 36 + (yAxis.ticks.map { ChartLegend.width(of: $0.label) }.max() ?? 0)
        // One line explains itself by the titles.
        let names = chart.series.count > 1 ? chart.series.map(\.name) : []
        let head = chart.title.isEmpty ? 12 : Self.titleHeight
        legend = ChartLegend(names, left: left, right: Self.right, top: head)
        top = head + legend.height
        // A long legend makes the picture higher, not the lines flat.
        bottom = 294 + max(legend.height - ChartLegend.rowHeight, 0)
    }

    /// The points of a line; nil where one cannot be shown.
    private static func points(_ series: LineChart.Series, _ yScale: LineChart.Scale) -> [Point?] {
        zip(series.x, series.y).map { x, y in
            ChartAxis.canShow(x, on: .linear) && ChartAxis.canShow(y, on: yScale) ? (x, y) : nil
        }
    }

    var markup: Markup {
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 \(Self.width) \(height)" role="img" \
        aria-label="\(chart.title)">
        <style>\(ChartStyle.css)</style>
        \(title)\(legend.markup)\(horizontalGrid)\(verticalGrid)\(axisTitles)\(chart.series.indices.map(line))\(strips)</svg>

        """
    }

    // MARK: Frame

    private var title: Markup {
        chart.title.isEmpty ? "" : "<text class=\"title\" x=\"\(left)\" y=\"18\">\(chart.title)</text>\n"
    }

    private var horizontalGrid: Markup {
        let lines = yAxis.ticks.map { tick -> Markup in
            let y = place(y: tick.value)
            return """
                <line x1="\(left)" y1="\(y)" x2="\(Self.right)" y2="\(y)"/>\
                <text x="\(left - 7)" y="\(y + 4)" text-anchor="end">\(tick.label)</text>

                """
        }
        return "<g class=\"grid\">\n\(lines)</g>\n"
    }

    private var verticalGrid: Markup {
        let marks = xAxis.ticks.map { tick -> Markup in
            let x = place(x: tick.value)
            return """
                <line x1="\(x)" y1="\(bottom)" x2="\(x)" y2="\(bottom + 5)"/>\
                <text x="\(x)" y="\(bottom + 18)" text-anchor="middle">\(tick.label)</text>

                """
        }
        return """
            <g class="axis">
            <line x1="\(left)" y1="\(bottom)" x2="\(Self.right)" y2="\(bottom)"/>
            \(marks)</g>

            """
    }

    private var axisTitles: Markup {
        let middle = (top + bottom) / 2
        return """
            <text x="\((left + Self.right) / 2)" y="\(height - 8)" text-anchor="middle">\(chart.xTitle)</text>
            <text transform="translate(14 \(middle)) rotate(-90)" text-anchor="middle">\(chart.yTitle)</text>

            """
    }

    private var height: Double { bottom + Self.footHeight }
    private func place(x value: Double) -> Double { left + xAxis.position(of: value) * (Self.right - left) }
    private func place(y value: Double) -> Double { bottom - yAxis.position(of: value) * (bottom - top) }

    // MARK: Lines

    private func line(_ index: Int) -> Markup {
        let points = Self.points(chart.series[index], chart.yScale)
        let pieces = points.split(whereSeparator: { $0 == nil }).map { $0.compactMap(\.self) }
        let lines = pieces.filter { $0.count > 1 }.map { piece -> Markup in
            let places = piece.map { point -> Markup in "\(place(x: point.x)),\(place(y: point.y)) " }
            return "<polyline points=\"\(places)\"/>\n"
        }
        let dotted = points.count <= Self.dotLimit ? pieces : pieces.filter { $0.count == 1 }
        let dots = dotted.joined().map { point -> Markup in
            "<circle cx=\"\(place(x: point.x))\" cy=\"\(place(y: point.y))\" r=\"3\"/>\n"
        }
        return "<g class=\"line \(ChartStyle.className(of: index))\">\n\(lines)\(dots)</g>\n"
    }

    // MARK: Numbers under the mouse

    /// A strip over each x, which says what the lines are there. More strips than pixels would be of no use.
    private var strips: Markup {
        let values = valuesByX.sorted { $0.key < $1.key }
        let step = max(values.count / Int(Self.right - left), 1)
        let chosen = stride(from: 0, to: values.count, by: step).map { values[$0] }
        let places = chosen.map { place(x: $0.key) }
        let strips = chosen.indices.map { index -> Markup in
            let from = index == 0 ? left : (places[index - 1] + places[index]) / 2
            let to = index == places.count - 1 ? Self.right : (places[index] + places[index + 1]) / 2
            let (x, lines) = chosen[index]
            let text = ["\(chart.xTitle) \(NumberText.short(x, significant: 6))"] + lines
            return """
                <rect x="\(from)" y="\(top)" width="\(to - from)" height="\(bottom - top)">\
                <title>\(text.joined(separator: "\n"))</title></rect>

                """
        }
        return "<g class=\"strips\">\n\(strips)</g>\n"
    }

    private var valuesByX: [Double: [String]] {
        var values: [Double: [String]] = [:]
        for series in chart.series {
            for case let point? in Self.points(series, chart.yScale) {
                values[point.x, default: []].append("\(series.name): \(NumberText.short(point.y))")
            }
        }
        return values
    }
}
