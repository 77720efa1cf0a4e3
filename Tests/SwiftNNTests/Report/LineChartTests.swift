import SwiftNN
import TestSupport
import Testing

@Suite struct LineChartTests {
    @Test func placesPoints() throws {
        let chart = try Drawn(LineChart(series: [.init("a", x: [0, 1, 4], y: [10, 30, 20])]))
        let line = try #require(chart.lines.first?.first)
        #expect(isNear(line[1].x - line[0].x, (line[2].x - line[0].x) / 4))
        #expect(isNear(line[0].y - line[2].y, (line[0].y - line[1].y) / 2))
        #expect(chart.labels("axis").contains("4"))
        // A point stands at the height of the mark of its number.
        for (mark, point) in [("20", line[2]), ("10", line[0])] {
            let height = try #require(chart.height(ofMark: mark))
            #expect(isNear(height, point.y))
        }
    }

    @Test func equalRatiosAreEqualDistances() throws {
        let chart = try Drawn(LineChart(yScale: .logarithmic, series: [.init("a", y: [1, 10, 1000, 0, 2, 1])]))
        let line = try #require(chart.lines.first)
        #expect(line.map(\.count) == [3, 2])
        #expect(isNear(line[0][1].y - line[0][2].y, 2 * (line[0][0].y - line[0][1].y)))
        #expect(chart.labels("grid") == ["1", "10", "100", "1000"])
    }

    @Test func marksOfWholeNumbersAreWhole() throws {
        for count in 1...30 {
            let values = (0..<count).map(Double.init)
            let labels = try Drawn(LineChart(series: [.init("a", y: values)])).labels("axis")
            #expect((1...11).contains(labels.count) && labels.allSatisfy { Int($0) != nil }, "\(count): \(labels)")
        }
        let many = try Drawn(LineChart(series: [.init("a", y: Array(repeating: 1, count: 200))]))
        #expect(many.labels("axis") == (1...10).map { "\(20 * $0)" })
    }

    @Test func aSinglePointIsADot() throws {
        let chart = try Drawn(LineChart(series: [.init("a", y: [0.5]), .init("b", y: [0.7])]))
        #expect(chart.lines.map(\.count) == [0, 0])
        #expect(chart.svg.all("circle").count == 2)
        #expect(chart.labels("axis") == ["1"])
    }

    @Test func gapsPartLines() throws {
        let values = (0..<200).map { $0 == 50 || $0 == 52 ? Double.nan : 1 }
        let chart = try Drawn(LineChart(series: [.init("a", y: values)]))
        #expect(chart.lines[0].map(\.count) == [50, 147])
        #expect(chart.svg.all("circle").count == 1)
    }

    @Test func stripsCoverTheLinesAndNameTheNumbers() throws {
        let chart = try Drawn(
            LineChart(
                xTitle: "epoch", series: [.init("a", x: [1, 2, 4], y: [1, 2, 3]), .init("b", x: [4, 2], y: [5, 6])]))
        let strips = chart.svg.all("rect")
        #expect(strips.map(\.text) == ["epoch 1\na: 1", "epoch 2\na: 2\nb: 6", "epoch 4\na: 3\nb: 5"])
        let edges = try strips.map { (try #require($0.number("x")), try #require($0.number("width"))) }
        for (strip, next) in zip(edges, edges.dropFirst()) { #expect(isNear(strip.0 + strip.1, next.0)) }
    }

    @Test func manyPointsHaveNoMoreStripsThanPixels() throws {
        let chart = try Drawn(LineChart(series: [.init("a", y: (0..<5000).map(Double.init))]))
        #expect(chart.lines[0].map(\.count) == [5000])
        #expect((300...1200).contains(chart.svg.all("rect").count))
    }

    @Test func linesHaveALegendWhereThereAreSeveral() throws {
        func names(_ count: Int) throws -> [String] {
            let series = (0..<count).map { LineChart.Series("a long name of line <\($0)>", y: [1, 2]) }
            let chart = try Drawn(LineChart(series: series))
            #expect(chart.lines.count == count)
            return chart.labels("legend")
        }
        #expect(try names(1).isEmpty)
        #expect(try names(12) == (0..<12).map { "a long name of line <\($0)>" })
    }

    @Test(
        arguments: [
            [], [.nan], [0], [3, 3, 3], [-1e299, 1e299], [.infinity, 1, -.infinity], [1e16, 1e16 + 2],
            [.leastNonzeroMagnitude, .leastNormalMagnitude], [0, .leastNonzeroMagnitude],
            [-5, -5.000_001], [0.999_999_999, 1], [1e301], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude],
            [9.99e299, 1], [1, 1.001], [7, 0, -7],
        ] as [[Double]])
    func everythingStaysWithinThePicture(values: [Double]) throws {
        for scale in [LineChart.Scale.linear, .logarithmic] {
            for series in [LineChart.Series("y", y: values), .init("both", x: values, y: values)] {
                let chart = try Drawn(LineChart("A \u{1} \"title\" & <more>", yScale: scale, series: [series]))
                for element in chart.svg.descendants {
                    try expectNumbers(element, ["x", "x1", "x2", "cx"], within: 0...600)
                    try expectNumbers(element, ["y", "y1", "y2", "cy"], within: 0...340)
                }
                let labels = chart.labels("grid")
                #expect(labels.count <= 12 && Set(labels).count == labels.count, "\(values) \(scale): \(labels)")
                #expect(chart.svg.attributes["aria-label"] == "A \u{fffd} \"title\" & <more>")
            }
        }
    }
}

private func expectNumbers(_ element: XMLTree, _ names: [String], within range: ClosedRange<Double>) throws {
    for name in names where element.attributes[name] != nil {
        let number = try #require(element.number(name))
        #expect(range.contains(number), "\(element.name) \(name)")
    }
}

/// Coordinates are rounded to tenths.
private func isNear(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 0.31 }

/// What is found in the picture of a chart.
private struct Drawn {
    let svg: XMLTree
    /// The pieces of every line.
    let lines: [[[(x: Double, y: Double)]]]

    init(_ chart: LineChart) throws {
        svg = try XMLTree.parse(chart.svg())
        lines = svg.children.filter { $0.classes.contains("line") }.map { line in
            line.all("polyline").map { piece in
                (piece.attributes["points"] ?? "").split(separator: " ").map { point in
                    let numbers = point.split(separator: ",").compactMap { Double($0) }
                    return (numbers[0], numbers[1])
                }
            }
        }
    }

    func labels(_ group: String) -> [String] { svg.all("g", class: group).flatMap { $0.all("text").map(\.text) } }

    func height(ofMark label: String) -> Double? {
        let children = svg.all("g", class: "grid").flatMap(\.children)
        return zip(children, children.dropFirst()).first { $1.text == label }?.0.number("y1")
    }
}
