import SwiftNN

/// Operations a second over operations a byte, both on logarithmic axes, below the limits of the machine (Williams et al.
/// 2009, "Roofline").
struct RooflineChart {
    /// In 10^9 bytes and operations a second.
    let bandwidth: Double
    let arithmetic: Double
    let rows: [Row]

    private struct Point {
        let name: String
        let intensity: Double
        let rate: Double
    }

    /// nil where no row has a place in it.
    var markup: Markup? {
        let points = points
        guard !points.isEmpty else { return nil }
        // Where both limits are the same.
        let ridge = arithmetic / bandwidth
        let all = points.flatMap(\.points)
        let x = ChartAxis(
            all.map(\.intensity) + [ridge / 4, ridge * 4], scale: .logarithmic, maximumTicks: 10, endsAtTicks: false)
        let y = ChartAxis(all.map(\.rate) + [arithmetic], scale: .logarithmic, maximumTicks: 8, endsAtTicks: false)
        let frame = ChartFrame(
            title: "Attainable and attained", xTitle: "operations a byte", yTitle: "GFLOP/s", xAxis: x, yAxis: y,
            names: ["ceilings"] + points.map(\.suite), width: 1000, bottom: 480)
        return frame.svg([roof(frame, ridge: ridge)] + points.enumerated().map { dots(frame, $0 + 1, $1.points) })
    }

    /// The suites that have operations and bytes.
    private var points: [(suite: String, points: [Point])] {
        Suite.all.parts.compactMap { suite in
            let points = rows.filter { $0.suite == suite.rawValue && $0.speedup == nil }.compactMap { row -> Point? in
                guard let intensity = row.intensity, let rate = row.gigaOperations else { return nil }
                return Point(name: row.name, intensity: intensity, rate: rate)
            }
            return points.isEmpty ? nil : (suite.rawValue, points)
        }
    }

    private func roof(_ frame: ChartFrame, ridge: Double) -> Markup {
        let (low, high) = (frame.xAxis.domain.lowerBound, frame.xAxis.domain.upperBound)
        // The slope may leave the picture below.
        let start = max(low, frame.yAxis.domain.lowerBound / bandwidth)
        let corners = [(start, start * bandwidth), (ridge, arithmetic), (high, arithmetic)]
        let places = corners.map { corner -> Markup in "\(frame.place(x: corner.0)),\(frame.place(y: corner.1)) " }
        return """
            <g class="line \(ChartStyle.className(of: 0))"><polyline points="\(places)"/></g>
            <text x="\(frame.right)" y="\(frame.place(y: arithmetic) - 8)" text-anchor="end">\
            \(NumberText.short(arithmetic, significant: 3)) GFLOP/s</text>
            <text x="\(frame.place(x: start) + 8)" y="\(frame.place(y: start * bandwidth) + 16)">\
            \(NumberText.short(bandwidth, significant: 3)) GB/s</text>

            """
    }

    private func dots(_ frame: ChartFrame, _ index: Int, _ points: [Point]) -> Markup {
        let dots = points.map { point -> Markup in
            """
            <circle cx="\(frame.place(x: point.intensity))" cy="\(frame.place(y: point.rate))" r="4">\
            <title>\(point.name): \(NumberText.short(point.rate, significant: 3)) GFLOP/s</title></circle>

            """
        }
        return "<g class=\"line \(ChartStyle.className(of: index))\">\n\(dots)</g>\n"
    }
}
