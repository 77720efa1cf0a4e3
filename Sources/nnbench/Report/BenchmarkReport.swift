import SwiftNN

/// The rows of a run as one HTML page: what the machine can do, where the kernels stand below its roof, how others do the
/// same, and all numbers.
struct BenchmarkReport {
    let machine: [(name: String, value: String)]
    let command: [String]
    let rows: [Row]

    func html() -> String {
        ReportPage(title: "nnbench", sections: [about, FiguresSection(figures: figures).markup, roofline] + suites)
            .html()
    }

    private var about: Markup {
        let lines = (machine + [("command", command.joined(separator: " "))]).map { name, value -> Markup in
            "<tr><th scope=\"row\">\(name)</th><td>\(value)</td></tr>\n"
        }
        return """
            <table>
            <tbody>
            \(lines)</tbody>
            </table>
            <p></p>

            """
    }

    // MARK: The machine

    /// What the best of the measurements of each ceiling was.
    private var figures: [(name: String, value: String)] {
        CeilingCase.all.compactMap { ceiling in
            bestRate(of: ceiling).map { rate in
                let name = ceiling.name.replacing("ceiling ", with: "", maxReplacements: 1)
                return (name, "\(NumberText.short(rate, significant: 3)) \(ceiling.ceiling.unit)")
            }
        }
    }

    private func bestRate(of ceiling: CeilingCase) -> Double? {
        rows.filter { $0.name == ceiling.name }.compactMap(\.ceilingRate).max()
    }

    private var roofline: Markup {
        let roofs = [Ceiling.copy, .multiplyAdd].map { bestRate(of: CeilingCase(ceiling: $0, threads: nil)) }
        guard let bandwidth = roofs[0], let arithmetic = roofs[1] else { return "" }
        let chart = RooflineChart(bandwidth: bandwidth, arithmetic: arithmetic, rows: rows)
        guard let picture = chart.markup else { return "" }
        return """
            <section>
            <h2>Roofline</h2>
            <p>What a kernel does for each byte that it has to move bounds how fast it can be: by the memory on the left, by \
            the arithmetic on the right. Inputs that are still in a cache, and convolutions with fewer products than direct \
            sums have (Winograd's), pass the roof.</p>
            <figure>\(picture)</figure>
            </section>

            """
    }

    // MARK: The suites

    private var suites: [Markup] {
        Suite.all.parts.compactMap { suite in
            let own = rows.filter { $0.suite == suite.rawValue && $0.group != CeilingCase.groupName }
            guard !own.isEmpty else { return nil }
            let chart = RatioChart(rows: own).markup.map { picture -> Markup in "<figure>\(picture)</figure>\n" }
            return """
                <section>
                <h2>\(suite.rawValue)</h2>
                \(chart ?? "")<details><summary>The numbers</summary>
                \(table(own))</details>
                </section>

                """
        }
    }

    private func table(_ rows: [Row]) -> Markup {
        let titles = [
            "case", "type", "threads", "median", "spread", "rate", "of ceiling", "OpenBLAS", "PyTorch", "ONNX Runtime",
            "difference", "PyTorch's mode",
        ]
        return """
            <div class="wide"><table class="numbers">
            <thead><tr>\(titles.map { title -> Markup in "<th>\(title)</th>" })</tr></thead>
            <tbody>
            \(rows.map(line))</tbody>
            </table></div>
            \(RowText.legend(rows).map { legend -> Markup in "<p>\(legend)</p>\n" } ?? "")
            """
    }

    private func line(_ row: Row) -> Markup {
        if let failure = row.failure {
            return
                "<tr><th scope=\"row\">\(row.name)</th><td class=\"words\" colspan=\"11\">failed: \(failure)</td></tr>\n"
        }
        let cells = [
            row.dtype.rawValue, "\(row.threads)", RowText.median(row), RowText.spread(row), RowText.rate(row),
            RowText.ofCeiling(row), RowText.openBLAS(row), RowText.pyTorch(row), RowText.onnx(row),
            row.check.map { NumberText.short($0.error, significant: 2) } ?? "-",
        ]
        return """
            <tr><th scope="row">\(row.name)</th>\(cells.map { cell -> Markup in "<td>\(cell)</td>" })\
            <td class="words">\(row.pyTorch?.mode ?? "")</td></tr>

            """
    }
}
