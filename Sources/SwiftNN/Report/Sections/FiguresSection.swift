/// The key figures of a report, large.
package struct FiguresSection {
    let figures: [(name: String, value: String)]

    package init(figures: [(name: String, value: String)]) { self.figures = figures }

    package var markup: Markup {
        guard !figures.isEmpty else { return "" }
        let tiles = figures.map { name, value -> Markup in "<div><dt>\(name)</dt><dd>\(value)</dd></div>\n" }
        return "<dl class=\"figures\">\n\(tiles)</dl>\n"
    }
}
