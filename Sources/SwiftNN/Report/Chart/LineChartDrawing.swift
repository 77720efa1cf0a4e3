/// Lays a `LineChart` out and draws it.
struct LineChartDrawing {
    private typealias Point = (x: Double, y: Double)

    private let chart: LineChart
    private let frame: ChartFrame

    /// More points than this get no dots.
    private static let dotLimit = 40

    init(_ chart: LineChart) {
        self.chart = chart
        let scale = chart.yScale
        let shown = chart.series.flatMap { Self.points($0, scale) }.compactMap(\.self)
        frame = ChartFrame(
            title: chart.title, xTitle: chart.xTitle, yTitle: chart.yTitle,
            xAxis: ChartAxis(shown.map(\.x), scale: .linear, maximumTicks: 10, endsAtTicks: false),
            yAxis: ChartAxis(shown.map(\.y), scale: scale, maximumTicks: 6, endsAtTicks: true),
            // One line explains itself by the titles.
            names: chart.series.count > 1 ? chart.series.map(\.name) : [])
    }

    /// The points of a line; nil where one cannot be shown.
    private static func points(_ series: LineChart.Series, _ yScale: LineChart.Scale) -> [Point?] {
        zip(series.x, series.y).map { x, y in
            ChartAxis.canShow(x, on: .linear) && ChartAxis.canShow(y, on: yScale) ? (x, y) : nil
        }
    }

    var markup: Markup { frame.svg(chart.series.indices.map(line) + [strips]) }

    // MARK: Lines

    private func line(_ index: Int) -> Markup {
        let points = Self.points(chart.series[index], chart.yScale)
        let pieces = points.split(whereSeparator: { $0 == nil }).map { $0.compactMap(\.self) }
        let lines = pieces.filter { $0.count > 1 }.map { piece -> Markup in
            let places = piece.map { point -> Markup in "\(frame.place(x: point.x)),\(frame.place(y: point.y)) " }
            return "<polyline points=\"\(places)\"/>\n"
        }
        let dotted = points.count <= Self.dotLimit ? pieces : pieces.filter { $0.count == 1 }
        let dots = dotted.joined().map { point -> Markup in
            "<circle cx=\"\(frame.place(x: point.x))\" cy=\"\(frame.place(y: point.y))\" r=\"3\"/>\n"
        }
        return "<g class=\"line \(ChartStyle.className(of: index))\">\n\(lines)\(dots)</g>\n"
    }

    // MARK: Numbers under the mouse

    /// A strip over each x, which says what the lines are there. More strips than pixels would be of no use.
    private var strips: Markup {
        let values = valuesByX.sorted { $0.key < $1.key }
        let step = max(values.count / Int(frame.right - frame.left), 1)
        let chosen = stride(from: 0, to: values.count, by: step).map { values[$0] }
        let places = chosen.map { frame.place(x: $0.key) }
        let strips = chosen.indices.map { index -> Markup in
            let from = index == 0 ? frame.left : (places[index - 1] + places[index]) / 2
            let to = index == places.count - 1 ? frame.right : (places[index] + places[index + 1]) / 2
            let (x, lines) = chosen[index]
            let text = ["\(chart.xTitle) \(NumberText.short(x, significant: 6))"] + lines
            return """
                <rect x="\(from)" y="\(frame.top)" width="\(to - from)" height="\(frame.bottom - frame.top)">\
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
