/// A picture of how numbers depend on another: lines with axes, a legend, and the numbers when the mouse is over them.
///
/// ```swift
/// let chart = LineChart("Loss", xTitle: "epoch", yTitle: "loss", series: [.init("training", y: losses)])
/// try AtomicFile.write(chart.svg(), to: "loss.svg")
/// ```
public struct LineChart: Sendable, Hashable {
    /// How numbers are spread over an axis.
    public enum Scale: Sendable, Hashable {
        case linear
        /// Equal ratios are equal distances. Zero and negative numbers have no place on it.
        case logarithmic
    }

    /// One line.
    public struct Series: Sendable, Hashable {
        /// For the legend, where there is more than one line, and for the numbers under the mouse.
        public let name: String
        public let x: [Double]
        public let y: [Double]

        /// A line through points. A `y` that cannot be shown (not finite, or not positive on a logarithmic axis) leaves a
        /// gap in it.
        public init(_ name: String, x: [Double], y: [Double]) {
            precondition(x.count == y.count, "LineChart.Series: \(x.count) x values, but \(y.count) y values")
            (self.name, self.x, self.y) = (name, x, y)
        }

        /// A line over 1, 2, 3, …
        public init(_ name: String, y: [Double]) {
            self.init(name, x: y.indices.map { Double($0 + 1) }, y: y)
        }
    }

    public var title: String
    public var xTitle: String
    public var yTitle: String
    public var yScale: Scale
    public var series: [Series]

    public init(
        _ title: String = "", xTitle: String = "", yTitle: String = "", yScale: Scale = .linear, series: [Series] = []
    ) {
        (self.title, self.xTitle, self.yTitle) = (title, xTitle, yTitle)
        (self.yScale, self.series) = (yScale, series)
    }

    /// The chart as an SVG picture, for a file of its own or for a place within HTML.
    public func svg() -> String { LineChartDrawing(self).markup.source }
}
