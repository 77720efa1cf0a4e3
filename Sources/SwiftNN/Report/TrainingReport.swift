/// What a training brought, as one HTML page that needs no other file and no network.
///
/// ```swift
/// var report = TrainingReport(title: "Fashion-MNIST, a perceptron")
/// report.figures = [("test accuracy", NumberText.percent(evaluation.accuracy))]
/// report.history = history
/// try AtomicFile.write(report.html(), to: "report.html")
/// ```
public struct TrainingReport: Sendable {
    public var title: String
    /// The key figures, in the order they are shown: ("test accuracy", "90.1 %").
    public var figures: [(name: String, value: String)]
    /// What the training was set to, in the order it is shown.
    public var hyperParameters: [(name: String, value: String)]
    /// The model (`Plan.summary`).
    public var layers: [LayerSummary]
    /// The epochs, of which curves are drawn (`Trainer.fit`).
    public var history: [EpochRecord]
    /// The names of the classes; a class without a name is shown by its number.
    public var classNames: [String]
    /// Of the predictions that the report is about; nil leaves the part out.
    public var confusion: ConfusionMatrix?
    /// Wrong predictions to show (`Mistake.mostConfident`).
    public var mistakes: [Mistake]

    public init(
        title: String, figures: [(name: String, value: String)] = [],
        hyperParameters: [(name: String, value: String)] = [], layers: [LayerSummary] = [], history: [EpochRecord] = [],
        classNames: [String] = [], confusion: ConfusionMatrix? = nil, mistakes: [Mistake] = []
    ) {
        (self.title, self.figures, self.hyperParameters) = (title, figures, hyperParameters)
        (self.layers, self.history, self.classNames) = (layers, history, classNames)
        (self.confusion, self.mistakes) = (confusion, mistakes)
    }

    /// The page. Parts without content are left out.
    public func html() -> String {
        ReportPage(title: title, sections: sections).html()
    }

    private var sections: [Markup] {
        let names = ClassNames(names: classNames)
        return [
            FiguresSection(figures: figures).markup,
            HistorySection(history: history).markup,
            confusion.map { ConfusionSection(matrix: $0, names: names).markup } ?? "",
            MistakesSection(mistakes: mistakes, names: names).markup,
            ModelSection(layers: layers).markup,
            HyperParametersSection(values: hyperParameters).markup,
        ]
    }
}

/// The names that classes are shown by.
struct ClassNames {
    let names: [String]

    subscript(_ index: Int) -> String { names.indices.contains(index) ? names[index] : "\(index)" }
}
