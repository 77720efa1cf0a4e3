/// What a training was set to.
struct HyperParametersSection {
    let values: [(name: String, value: String)]

    var markup: Markup {
        guard !values.isEmpty else { return "" }
        let rows = values.map { name, value -> Markup in "<tr><th scope=\"row\">\(name)</th><td>\(value)</td></tr>\n" }
        return "<section>\n<h2>Hyper-parameters</h2>\n<table>\n<tbody>\n\(rows)</tbody>\n</table>\n</section>\n"
    }
}
