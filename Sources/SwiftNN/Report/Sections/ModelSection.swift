/// A model as a table of its layers.
struct ModelSection {
    let layers: [LayerSummary]

    var markup: Markup {
        guard !layers.isEmpty else { return "" }
        let total = layers.reduce(0) { $0 + $1.parameters }
        return """
            <section>
            <h2>Model</h2>
            <div class="wide"><table>
            <thead><tr><th>Name</th><th>Layer</th><th>Output</th><th class="number">Parameters</th></tr></thead>
            <tbody>
            \(layers.map(row))</tbody>
            <tfoot><tr><th colspan="3" scope="row">Total</th><td class="number">\(NumberText.grouped(total))</td></tr></tfoot>
            </table></div>
            </section>

            """
    }

    private func row(_ layer: LayerSummary) -> Markup {
        """
        <tr><td>\(layer.name)</td><td><code>\(layer.layer)</code></td><td>\(shape(layer.outputShape))</td>\
        <td class="number">\(NumberText.grouped(layer.parameters))</td></tr>

        """
    }

    /// "N × 64 × 12 × 12": how many samples a batch had does not matter to the model.
    private func shape(_ shape: [Int]) -> String {
        (["N"] + shape.dropFirst().map { "\($0)" }).joined(separator: " × ")
    }
}
