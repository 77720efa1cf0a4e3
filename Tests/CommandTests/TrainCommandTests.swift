import Foundation
import TestSupport
import Testing

/// `nntrain` as a user calls it, on a small data set in MNIST's form.
@Suite struct TrainCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func trainsScoresAndPredicts() throws {
        let data = try writeBandImages(folder, "data")
        let out = folder["out"]
        let trained = try nntrain(["mnist", "--data", data, "--epochs", "3", "--batch-size", "32", "--out", out])
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.output.contains("test accuracy") && trained.output.contains("model.safetensors"))
        #expect(!trained.output.contains("\r"), "a progress bar where the output is no terminal")

        let metrics = try metrics(out)
        let keys: Set = [
            "recipe", "dataset", "seed", "threads", "precision", "isa", "epochs", "train_seconds", "images_per_second",
            "parameters", "model_bytes", "train_loss", "test_accuracy",
        ]
        #expect(keys.isSubset(of: metrics.keys))
        let accuracy = try #require(metrics["test_accuracy"] as? Double)
        #expect(accuracy > 0.95)

        let scored = try nntrain(["eval", out + "/model.safetensors", "--data", data])
        #expect(scored.status == 0, "\(scored.errors)")
        let predicted = try nntrain(
            ["predict", out + "/model.safetensors", "--data", data, "--out", folder["submission.csv"]])
        #expect(predicted.status == 0, "\(predicted.errors)")
        #expect(try accuracyOfSubmission() == accuracy)
        // Pictures of one's own need no data set.
        let images = ["--images", data + "/t10k-images-idx3-ubyte", "--data", folder["nowhere"]]
        let own = try nntrain(["predict", out + "/model.safetensors", "--out", folder["submission.csv"]] + images)
        #expect(own.status == 0, "\(own.errors)")
        #expect(try accuracyOfSubmission() == accuracy)
    }

    private func metrics(_ out: String) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(contents(of: out + "/metrics.json"))) as? [String: Any])
    }

    /// The part of 100 predictions in submission.csv that is right: the classes take turns.
    private func accuracyOfSubmission() throws -> Double {
        let lines = try String(contentsOfFile: folder["submission.csv"], encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 101 && lines[0] == "index,label")
        return Double(lines.dropFirst().enumerated().count { $1 == "\($0),\($0 % 10)" }) / 100
    }

    @Test func everyFigureIsOfTheSameViews() throws {
        let data = try writeColourBands(folder, "data", perFile: 10, test: 100)
        let (out, model) = (folder["out"], folder["out/model.safetensors"])
        let trained = try nntrain([
            "cifar10", "--recipe", "fast", "--data", data, "--epochs", "3", "--batch-size", "16", "--out", out,
        ])
        #expect(trained.status == 0, "\(trained.errors)")
        let metrics = try metrics(out)
        let loss = try #require(metrics["test_loss"] as? Double)
        let accuracy = try #require(metrics["test_accuracy"] as? Double)
        let plain = try #require(metrics["test_accuracy_plain"] as? Double)
        func percent(_ part: Double, _ digits: Int) -> String { String(format: "%.\(digits)f%%", 100 * part) }
        #expect(trained.output.contains("test accuracy \(percent(accuracy, 2)) "))
        let report = try String(contentsOfFile: folder["out/report.html"], encoding: .utf8)
        let ofConfusionMatrix = "title=\"accuracy\">" + percent(accuracy, 1).replacing("%", with: " %")
        #expect(report.contains(ofConfusionMatrix))

        let scored = try nntrain(["eval", model, "--data", data])
        let lines = scored.output.split(separator: "\n")
        #expect(lines.count == 2, "\(scored.output)\(scored.errors)")
        let views = "  with test-time views (mirror-and-shift)"
        #expect(lines[0] == "test accuracy \(percent(accuracy, 2))  loss \(String(format: "%.4f", loss))\(views)")
        #expect(lines[1].hasPrefix("test accuracy \(percent(plain, 2))  loss ") && lines[1].hasSuffix("  without"))
        #expect(lines[0].dropLast(views.count) != lines[1].dropLast("  without".count))
        let predicted = try nntrain(["predict", model, "--data", data, "--out", folder["submission.csv"]])
        #expect(predicted.output.contains(" with test-time views (mirror-and-shift) "))
        #expect(try accuracyOfSubmission() == accuracy)
    }

    /// The rate is that of the first group, which the log shows; Muon's here.
    @Test func aLearningRateScalesAllGroups() throws {
        let data = try writeColourBands(folder, "data", perFile: 10, test: 20)
        let rates = try [("own", []), ("half", ["--lr", "0.06"])].map { out, options in
            let arguments = ["cifar10", "--recipe", "fast", "--data", data, "--epochs", "1", "--batch-size", "16"]
            let result = try nntrain(arguments + ["--out", folder[out]] + options)
            #expect(result.status == 0, "\(result.errors)")
            let line = try JSONSerialization.jsonObject(with: Data(contents(of: folder["\(out)/log.jsonl"])))
            return try #require((line as? [String: Any])?["learning_rate"] as? Double)
        }
        #expect(abs(rates[1] / rates[0] - 0.5) < 1e-5)
        let report = try String(contentsOfFile: folder["half/report.html"], encoding: .utf8)
        #expect(
            report.contains("Muon(lr: 0.06,") && report.contains("SGD(lr: 0.375,") && report.contains("SGD(lr: 24.0,"))
        #expect(report.contains("Lookahead(every: 5"))
    }

    @Test func heldOutScoresAreNamedSo() throws {
        let data = try writeBandImages(folder, "data", train: 100, test: 20)
        let out = folder["out"]
        let arguments = ["mnist", "--data", data, "--epochs", "1", "--hold-out", "20", "--out", out]
        #expect(try nntrain(arguments).status == 0)
        let metrics = try metrics(out)
        #expect(metrics["scored_on"] as? String == "held-out")
        #expect(metrics["test_accuracy"] is NSNull)
        let names = ["held_out_accuracy", "held_out_accuracy_plain", "held_out_loss"]
        #expect(metrics.keys.filter { $0.hasPrefix("held") }.sorted() == names)
        #expect(!metrics.keys.contains("test_loss") && !metrics.keys.contains("test_accuracy_plain"))
        let line = try #require(
            try JSONSerialization.jsonObject(with: Data(contents(of: out + "/log.jsonl"))) as? [String: Any])
        #expect(line["held_out_accuracy"] as? Double == metrics["held_out_accuracy"] as? Double)
        #expect(line["held_out_loss"] is Double && !line.keys.contains { $0.hasPrefix("test") })
    }

    @Test func sameSeedSameModel() throws {
        let data = try writeBandImages(folder, "data")
        let models = try ["1", "2", "3"].map { threads in
            let out = folder[threads]
            let result = try nntrain([
                "mnist", "--data", data, "--epochs", "1", "--threads", threads, "--quiet", "--out", out,
            ])
            #expect(result.status == 0, "\(result.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: out + "/model.safetensors"))
        }
        #expect(models[0] == models[1] && models[1] == models[2])
    }

    @Test func trainsInBFloat16() throws {
        let data = try writeBandImages(folder, "data")
        let models = try ["float32", "bfloat16"].map { precision in
            let out = folder[precision]
            let result = try nntrain([
                "mnist", "--data", data, "--epochs", "3", "--batch-size", "32", "--precision", precision, "--out", out,
            ])
            #expect(result.status == 0, "\(result.errors)")
            let metrics = try #require(
                try JSONSerialization.jsonObject(with: Data(contents(of: out + "/metrics.json"))) as? [String: Any])
            #expect(metrics["precision"] as? String == precision)
            #expect(try #require(metrics["test_accuracy"] as? Double) > 0.95)
            return try contents(of: out + "/model.safetensors")
        }
        #expect(models[0] != models[1])
    }

    @Test func badInputIsOneLineAndChangesNothing() throws {
        let data = try writeBandImages(folder, "data", train: 50, test: 20)
        let images = data + "/train-images-idx3-ubyte"
        try Data(try Data(contentsOf: URL(fileURLWithPath: images)).dropLast(5)).write(to: URL(fileURLWithPath: images))
        try Data("not a model".utf8).write(to: URL(fileURLWithPath: folder["model.safetensors"]))
        let cases: [(arguments: [String], names: String)] = [
            (["mnist", "--data", data, "--out", folder.path], "train-images-idx3-ubyte"),
            (["mnist", "--data", folder["nowhere"]], "nowhere"),
            (["mnist", "--data", data, "--recipe", "none"], "none"),
            (["mnist", "--data", data, "--threads", "0"], "--threads"),
            (["mnist", "--data", data, "--threads", "1025"], "--threads must be 1 to 1024"),
            (["mnist", "--data", data, "--epochs", "9223372036854775807"], "--epochs"),
            (["mnist", "--data", data, "--batch-size", "9223372036854775807"], "--batch-size"),
            (["mnist", "--data", data, "--precision", "float16"], "--precision"),
            (["eval", folder["model.safetensors"]], "model.safetensors"),
            (["eval", folder["absent.safetensors"]], "absent.safetensors"),
            (["fetch", "nothing"], "nothing"),
        ]
        for (arguments, names) in cases {
            let result = try nntrain(arguments)
            #expect(result.status != 0, "\(arguments)")
            let complaint = result.errors.split(separator: "\n").filter { $0.hasPrefix("Error: ") }
            #expect(complaint.count == 1 && complaint[0].contains(names), "\(arguments): \(result.errors)")
        }
        #expect(try String(contentsOfFile: folder["model.safetensors"], encoding: .utf8) == "not a model")
    }

    /// A loss that is soon infinite, in the first epoch and later, and one that stays finite. Pixels cannot be infinite, so
    /// learning rates must do.
    @Test(
        arguments: [
            ("1e30", "2", "50", "the loss is "), ("1e30", "100", "50", "the loss is "),
            ("50", "2", "50", "an explosion (the limit is "),
            // The last step alone.
            ("1e18", "100", "1", "the loss is "), ("1e6", "100", "1", "an explosion (the limit is "),
        ])
    func explodingLossStopsAndKeepsWhatIsGood(
        lr: String, batchSize: String, epochs: String, problem: String
    ) throws {
        let data = try writeBandImages(folder, "data", train: 100, test: 20)
        let arguments = ["mnist", "--data", data, "--epochs", "2", "--out", folder["out"]]
        #expect(try nntrain(arguments).status == 0)
        func files() throws -> [[UInt8]] {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder["out"]).sorted()
            #expect(names == ["log.jsonl", "metrics.json", "model.safetensors", "report.html"])
            return try names.map { try contents(of: folder["out/\($0)"]) }
        }
        let good = try files()
        let result = try nntrain(arguments + ["--epochs", epochs, "--lr", lr, "--batch-size", batchSize])
        #expect(result.status != 0)
        #expect(result.errors.contains(problem) && result.errors.contains("learning rate"), "\(result.errors)")
        #expect(try files() == good)
    }
}
