import SwiftNN
import TestSupport
import Testing

@Suite struct TrainingReportTests {
    private func record(_ epoch: Int, accuracy: Double = 0.8, validation: Bool = true) -> EpochRecord {
        EpochRecord(
            epoch: epoch, samples: 1000, trainLoss: 1 / Double(epoch + 1), correct: Int(1000 * accuracy),
            seconds: .milliseconds(500), learningRate: 0.1,
            validation: validation ? Evaluation(loss: 0.5, accuracy: 0.75) : nil)
    }

    private func page(_ report: TrainingReport) throws -> XMLTree { try XMLTree.parse(report.html()) }

    private func headings(_ report: TrainingReport) throws -> [String] { try page(report).all("h2").map(\.text) }

    @Test func anEmptyReportHasNoSections() throws {
        let page = try page(TrainingReport(title: "a <b> & \"c\""))
        #expect(page.all("h1").map(\.text) == ["a <b> & \"c\""])
        #expect(page.all("title").map(\.text) == ["a <b> & \"c\""])
        #expect(page.all("section").isEmpty && page.all("dl").isEmpty)
    }

    @Test func figuresAndHyperParametersKeepTheirOrder() throws {
        let page = try page(
            TrainingReport(
                title: "", figures: [("z", "1"), ("a", "<2>"), ("z", "3")],
                hyperParameters: [("lr", "0.1"), ("b", "&")]))
        #expect(page.all("dt").map(\.text) == ["z", "a", "z"])
        #expect(page.all("dd").map(\.text) == ["1", "<2>", "3"])
        #expect(page.all("tr").map { $0.children.map(\.text) } == [["lr", "0.1"], ["b", "&"]])
    }

    @Test func showsTheModel() throws {
        let model = Sequential {
            Linear(4, 3)
            ReLU()
            Linear(3, 2)
        }
        let report = TrainingReport(title: "", layers: try Plan(model, inputShape: [5, 4]).summary)
        let rows = try page(report).all("tr").map { $0.children.map(\.text) }
        #expect(rows.first == ["Name", "Layer", "Output", "Parameters"])
        #expect(rows.dropFirst().first == ["0", "\(Linear(4, 3))", "N × 3", "15"])
        #expect(rows.last == ["Total", "23"])
    }

    @Test(arguments: [1, 2, 200], [true, false])
    func drawsTheEpochs(count: Int, validation: Bool) throws {
        let page = try page(TrainingReport(title: "", history: (0..<count).map { record($0, validation: validation) }))
        let charts = page.all("svg")
        #expect(charts.map { $0.attributes["aria-label"] } == ["Loss", "Accuracy", "Error (logarithmic scale)"])
        for chart in charts {
            #expect(chart.children.count { $0.classes.contains("line") } == (validation ? 2 : 1))
            #expect(chart.all("rect").count == count)
        }
        #expect(charts[1].all("rect").first?.text == "epoch 1\ntraining: 80" + (validation ? "\nvalidation: 75" : ""))
        let rows = page.all("table", class: "numbers").flatMap { $0.all("tr") }
        #expect(rows.count == count + 1)
        let expected =
            validation ? ["1", "1", "0.5", "80.00 %", "75.00 %"] : ["1", "1", "–", "80.00 %", "–"]
        #expect(rows[1].children.map(\.text) == expected + ["0.1", "2,000", "0.5 s"])
    }

    @Test func trainingsWithoutLabelsHaveNoAccuracy() throws {
        let record = EpochRecord(
            epoch: 0, samples: 10, trainLoss: .nan, correct: 0, seconds: .zero, learningRate: 0.1,
            validation: Evaluation(loss: .infinity, accuracy: 0))
        let page = try page(TrainingReport(title: "", history: [record]))
        #expect(page.all("svg").map { $0.attributes["aria-label"] } == ["Loss"])
        #expect(page.all("td").map(\.text) == ["1", "NaN", "∞", "–", "–", "0.1", "0", "0 s"])
    }

    @Test func showsTheConfusionMatrix() throws {
        let matrix = try ConfusionMatrix(labels: [0, 0, 0, 1], predictions: [0, 0, 1, 2], classCount: 3)
        let page = try page(TrainingReport(title: "", classNames: ["<cat>", "dog"], confusion: matrix))
        let rows = page.all("tr").map { $0.children.map(\.text) }
        #expect(
            rows == [
                ["", "<cat>", "dog", "2", "recall"], ["<cat>", "2", "1", "0", "66.7 %"],
                ["dog", "0", "0", "1", "0.0 %"],
                ["2", "0", "0", "0", "–"], ["precision", "100.0 %", "0.0 %", "0.0 %", "50.0 %"],
            ])
        #expect(page.all("td", class: "wrong").first?.attributes["title"] == "<cat> taken for dog: 1 (33.3 %)")
        let empty = try ConfusionMatrix(labels: [Int](), predictions: [Int](), classCount: 3)
        #expect(try headings(TrainingReport(title: "", confusion: empty)).isEmpty)
    }

    @Test func showsMistakesAsPictures() throws {
        let picture = Picture(width: 28, height: 28, channels: 1, pixels: Array(repeating: 9, count: 784))
        let mistake = Mistake(sample: 7, label: 0, prediction: 5, confidence: 0.987, picture: picture)
        let page = try page(TrainingReport(title: "", classNames: ["a \"quoted\" name"], mistakes: [mistake]))
        let image = try #require(page.all("img").first)
        #expect(image.attributes["src"]?.hasPrefix("data:image/png;base64,iVBORw0KGgo") == true)
        #expect(image.attributes["alt"] == "sample 7, a \"quoted\" name")
        #expect(image.number("width") == 84)
        #expect(page.all("figcaption").map(\.text) == ["5 98.7 %is a \"quoted\" name"])
    }

    /// Nothing is fetched: the only addresses are the pictures within the page and the name of SVG.
    @Test func needsNoOtherFile() throws {
        let report = TrainingReport(title: "", history: [record(0)])
        let html = report.html().replacing("http://www.w3.org/2000/svg", with: "")
        for word in ["http", "//", "@import", "url(", "<script", "<link"] { #expect(!html.contains(word)) }
    }
}
