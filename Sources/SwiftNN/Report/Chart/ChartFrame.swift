/// What a chart of two axes has around its content: a title, a legend, a grid, and marks with numbers.
package struct ChartFrame {
    package let xAxis: ChartAxis
    package let yAxis: ChartAxis
    /// The edges of the area of the content.
    package let left: Double
    package let right: Double
    package let top: Double
    package let bottom: Double

    private let title: String
    private let xTitle: String
    private let yTitle: String
    private let legend: ChartLegend

    private static let footHeight = 46.0
    private static let titleHeight = 28.0

    /// - Parameters:
    ///   - names: of what is in the legend, by the numbers of their looks; none leaves it out.
    ///   - width: of the whole picture.
    ///   - bottom: where the horizontal axis is, of a picture whose legend has one row.
    package init(
        title: String, xTitle: String, yTitle: String, xAxis: ChartAxis, yAxis: ChartAxis, names: [String],
        width: Double = 600, bottom: Double = 294
    ) {
        (self.title, self.xTitle, self.yTitle) = (title, xTitle, yTitle)
        (self.xAxis, self.yAxis) = (xAxis, yAxis)
        left = 36 + (yAxis.ticks.map { ChartLegend.width(of: $0.label) }.max() ?? 0)
        right = width - 24
        let head = title.isEmpty ? 12 : Self.titleHeight
        legend = ChartLegend(names, left: left, right: right, top: head)
        top = head + legend.height
        // A long legend makes the picture higher, not the content flat.
        self.bottom = bottom + max(legend.height - ChartLegend.rowHeight, 0)
    }

    package func place(x value: Double) -> Double { left + xAxis.position(of: value) * (right - left) }
    package func place(y value: Double) -> Double { bottom - yAxis.position(of: value) * (bottom - top) }

    /// The picture.
    package func svg(_ content: [Markup]) -> Markup {
        """
        <svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 \(right + 24) \(height)" role="img" \
        aria-label="\(title)">
        <style>\(ChartStyle.css)</style>
        \(titleMarkup)\(legend.markup)\(horizontalGrid)\(verticalGrid)\(axisTitles)\(content)</svg>

        """
    }

    private var height: Double { bottom + Self.footHeight }

    private var titleMarkup: Markup {
        title.isEmpty ? "" : "<text class=\"title\" x=\"\(left)\" y=\"18\">\(title)</text>\n"
    }

    private var horizontalGrid: Markup {
        let lines = yAxis.ticks.map { tick -> Markup in
            let y = place(y: tick.value)
            return """
                <line x1="\(left)" y1="\(y)" x2="\(right)" y2="\(y)"/>\
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
            <line x1="\(left)" y1="\(bottom)" x2="\(right)" y2="\(bottom)"/>
            \(marks)</g>

            """
    }

    private var axisTitles: Markup {
        let middle = (top + bottom) / 2
        return """
            <text x="\((left + right) / 2)" y="\(height - 8)" text-anchor="middle">\(xTitle)</text>
            <text transform="translate(14 \(middle)) rotate(-90)" text-anchor="middle">\(yTitle)</text>

            """
    }
}
