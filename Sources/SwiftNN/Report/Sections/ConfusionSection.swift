/// A confusion matrix as a table that is coloured by how often things happened.
struct ConfusionSection {
    let matrix: ConfusionMatrix
    let names: ClassNames

    /// More classes than this are shown in small type.
    private static let denseLimit = 20

    private var classes: Range<Int> { 0..<matrix.classCount }

    var markup: Markup {
        guard matrix.sampleCount > 0 else { return "" }
        let density = matrix.classCount > Self.denseLimit ? "matrix dense" : "matrix"
        return """
            <section>
            <h2>Confusion matrix</h2>
            <p>Rows are true classes, columns predicted ones. The colour is the share of the row; mistakes are coloured \
            against the most frequent one.</p>
            <div class="wide"><table class="\(density)">
            <thead><tr><td></td>\(classes.map(columnHead))<th class="score" scope="col"><span>recall</span></th></tr></thead>
            <tbody>
            \(rows)</tbody>
            <tfoot><tr><th class="score" scope="row">precision</th>\(classes.map { score(matrix.precision(of: $0)) })\
            \(score(matrix.accuracy, title: "accuracy"))</tr></tfoot>
            </table></div>
            </section>

            """
    }

    private func columnHead(_ index: Int) -> Markup { "<th scope=\"col\"><span>\(names[index])</span></th>" }

    private var rows: [Markup] {
        let shares = classes.map(shares)
        let mistakes = classes.flatMap { label in classes.filter { $0 != label }.map { shares[label][$0] } }
        let worst = mistakes.max() ?? 0
        return classes.map { label in
            let cells = classes.map { prediction in
                cell(label, prediction, share: shares[label][prediction], worst: worst)
            }
            return """
                <tr><th scope="row">\(names[label])</th>\(cells)\(score(matrix.recall(of: label)))</tr>

                """
        }
    }

    /// What part of the samples of a class was taken for each class.
    private func shares(of label: Int) -> [Double] {
        let count = max(matrix.sampleCount(of: label), 1)
        return classes.map { Double(matrix[label: label, prediction: $0]) / Double(count) }
    }

    private func cell(_ label: Int, _ prediction: Int, share: Double, worst: Double) -> Markup {
        let count = matrix[label: label, prediction: prediction]
        guard count > 0 else { return "<td class=\"none\">0</td>" }
        let isRight = label == prediction
        // The strongest mistake is as striking as it can be while its number stays readable.
        let opacity = NumberText.fixed(isRight ? share : 0.04 + 0.56 * share / worst, digits: 3)
        let color = isRight ? "right" : "wrong"
        let text = "\(names[label]) taken for \(names[prediction]): \(count) (\(NumberText.percent(share, digits: 1)))"
        return """
            <td class="\(color)\(isRight && share > 0.5 ? " strong" : "")" style="--share:\(opacity)" \
            title="\(text)">\(count)</td>
            """
    }

    private func score(_ value: Double?, title: String = "") -> Markup {
        let text = value.map { NumberText.percent($0, digits: 1) } ?? "–"
        return "<td class=\"score\" title=\"\(title)\">\(text)</td>"
    }
}
