/// The epochs of a training, as curves and as numbers.
struct HistorySection {
    let history: [EpochRecord]

    var markup: Markup {
        guard !history.isEmpty else { return "" }
        return """
            <section>
            <h2>Training</h2>
            <p>The training curves are taken while the weights change\
            \(history.contains { $0.validation != nil } ? ", the validation curves after each epoch" : "").</p>
            <div class="charts">
            \(charts.map { "<figure>\(LineChartDrawing($0).markup)</figure>\n" })</div>
            <details><summary>The numbers of every epoch</summary>
            \(table)</details>
            </section>

            """
    }

    // MARK: Curves

    private var charts: [LineChart] {
        let rates = history.map { Double($0.learningRate) }
        let isConstant = rates.allSatisfy { $0 == rates.first }
        return [chart("Loss", "loss", \.trainLoss, \.loss)] + scoreCharts
            + (isConstant ? [] : [chart("Learning rate", "learning rate", [series("learning rate", rates)])])
    }

    /// Accuracy, and the error on a scale on which the last tenths of a percent still show.
    private var scoreCharts: [LineChart] {
        guard isClassification else { return [] }
        return [
            chart("Accuracy", "accuracy in %", { 100 * $0.trainAccuracy }, { 100 * $0.accuracy }),
            chart(
                "Error (logarithmic scale)", "error in %", scale: .logarithmic, { 100 - 100 * $0.trainAccuracy },
                { 100 - 100 * $0.accuracy }),
        ]
    }

    private func chart(
        _ title: String, _ yTitle: String, scale: LineChart.Scale = .linear, _ training: (EpochRecord) -> Double,
        _ validation: (Evaluation) -> Double
    ) -> LineChart {
        var lines = [series("training", history.map(training))]
        if history.contains(where: { $0.validation != nil }) {
            lines.append(series("validation", history.map { $0.validation.map(validation) ?? .nan }))
        }
        return chart(title, yTitle, scale: scale, lines)
    }

    private func chart(
        _ title: String, _ yTitle: String, scale: LineChart.Scale = .linear, _ series: [LineChart.Series]
    ) -> LineChart {
        LineChart(title, xTitle: "epoch", yTitle: yTitle, yScale: scale, series: series)
    }

    private func series(_ name: String, _ values: [Double]) -> LineChart.Series {
        LineChart.Series(name, x: history.map { Double($0.epoch + 1) }, y: values)
    }

    /// Trainings without labels have no accuracy; their records say 0.
    private var isClassification: Bool {
        history.contains { $0.trainAccuracy > 0 || ($0.validation?.accuracy ?? 0) > 0 }
    }

    // MARK: Numbers

    private var table: Markup {
        """
        <div class="wide"><table class="numbers">
        <thead><tr><th>epoch</th><th>training loss</th><th>validation loss</th><th>training accuracy</th>\
        <th>validation accuracy</th><th>learning rate</th><th>samples/s</th><th>time</th></tr></thead>
        <tbody>
        \(history.map(row))</tbody>
        </table></div>

        """
    }

    private func row(_ record: EpochRecord) -> Markup {
        let accuracies = [record.trainAccuracy, record.validation?.accuracy].map { accuracy in
            isClassification ? accuracy.map { NumberText.percent($0) } : nil
        }
        let cells = [
            "\(record.epoch + 1)", NumberText.short(record.trainLoss),
            record.validation.map { NumberText.short($0.loss) }, accuracies[0], accuracies[1],
            NumberText.short(Double(record.learningRate)), NumberText.grouped(record.samplesPerSecond),
            NumberText.duration(record.seconds),
        ]
        return "<tr>\(cells.map { cell -> Markup in "<td>\(cell ?? "–")</td>" })</tr>\n"
    }
}
