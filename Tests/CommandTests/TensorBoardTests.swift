import Foundation
import TestSupport
import Testing

/// The event files of `nntrain --tensorboard`.
@Suite struct TensorBoardTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Four epochs of 12 steps in the folder "out".
    private func arguments(_ options: [String] = []) throws -> [String] {
        let data = try writeBandImages(folder, "data", train: 190, test: 20)
        return [
            "mnist", "--data", data, "--epochs", "4", "--batch-size", "16", "--out", folder["out"], "--tensorboard",
        ]
            + options
    }

    private func eventFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder["out/tensorboard"]).sorted()
            .map { folder["out/tensorboard/\($0)"] }
    }

    private func log() throws -> [[String: Any]] {
        try String(contentsOfFile: folder["out/log.jsonl"], encoding: .utf8).split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    /// The points of a curve as (step, value).
    private func curve(_ tag: String, in events: [EventRecord]) -> [[Float]] {
        events.compactMap { event in event.scalars[tag].map { [Float(event.step), $0] } }
    }

    @Test func recordsHoldWhatTheLogSays() throws {
        let trained = try nntrain(arguments())
        #expect(trained.status == 0, "\(trained.errors)")
        let files = try eventFiles()
        #expect(files.count == 1 && files[0].contains("tfevents"))
        let events = try EventRecord.read(files[0])
        #expect(events.first?.fileVersion == "brain.Event:2")
        #expect(events.dropFirst().first?.sessionStatus == 1)
        #expect(events.allSatisfy { abs($0.wallTime - Date().timeIntervalSince1970) < 600 })
        let texts = events.compactMap { $0.texts["hyper-parameters"] }
        #expect(texts.count == 1 && texts[0].contains("| batch size | 16 |\n"))

        let epochs = try log()
        for (tag, key) in [
            ("loss/train", "train_loss"), ("accuracy/train", "train_accuracy"), ("loss/test", "test_loss"),
            ("accuracy/test", "test_accuracy"), ("images_per_second", "images_per_second"),
        ] {
            let expected = try epochs.enumerated().map { epoch, line in
                [Float(12 * (epoch + 1)), Float(try #require(line[key] as? Double))]
            }
            #expect(curve(tag, in: events) == expected, "\(tag)")
        }
        let steps = [10, 20, 30, 40]
        #expect(curve("loss/step", in: events).map { Int($0[0]) } == steps)
        let rates = curve("learning_rate", in: events).map { $0[1] }
        // One cycle that rises over a quarter of the 48 steps to 0.002, and falls to nothing.
        #expect(rates.count == 4 && rates[0] < 0.002 && rates[3] < rates[2] && rates[2] < rates[1])
    }

    /// The curves are of the model that stays.
    @Test func aTrainingThatFailsLeavesTheCurvesOfTheOneBefore() throws {
        #expect(try nntrain(arguments()).status == 0)
        let files = try eventFiles()
        #expect(try nntrain(arguments(["--lr", "1e30"])).status == 1)
        #expect(try eventFiles() == files)
    }

    @Test func heldOutScoresAreNamedSo() throws {
        #expect(try nntrain(arguments(["--hold-out", "20"])).status == 0)
        let events = try EventRecord.read(eventFiles()[0])
        #expect(curve("accuracy/held-out", in: events).count == 4 && curve("accuracy/test", in: events).isEmpty)
    }

    @Test func theDirectoryIsNeeded() throws {
        let result = try nntrain(["mnist", "--tensorboard"])
        let problem = "Error: --tensorboard needs --out: the directory that the event files are in\n"
        #expect(result.status == 64 && result.errors.hasPrefix(problem), "\(result.errors)")
    }

    /// A training that was killed and gone on with shows as one in TensorBoard: each curve with every point once.
    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"), arguments: [5, 12])
    func tensorBoardReadsOneTraining(checkpointEvery: Int) throws {
        let arguments = try arguments(["--checkpoint-every", "\(checkpointEvery)", "--resume"])
        let training = try BackgroundCommand.nntrain(arguments)
        // The end of the second epoch, step 24, is written then, and comes again after the last checkpoint.
        training.wait {
            let written = (try? eventFiles().first.map { try contents(of: $0) }) ?? []
            return String(decoding: written, as: UTF8.self).ranges(of: "loss/test").count == 2
        }
        training.send(SIGKILL)
        _ = try training.result()
        let resumed = try nntrain(arguments)
        #expect(resumed.status == 0, "\(resumed.errors)")
        try Environment.runPython(
            """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            events = EventAccumulator(sys.argv[1] + "/tensorboard").Reload()
            epochs = [json.loads(line) for line in open(sys.argv[1] + "/log.jsonl")]
            for tag, key in [("loss/train", "train_loss"), ("accuracy/test", "test_accuracy")]:
                points = events.Scalars(tag)
                assert [point.step for point in points] == [12, 24, 36, 48], points
                for point, epoch in zip(points, epochs):
                    assert abs(point.value - epoch[key]) <= 1e-6 * abs(epoch[key]), (point, epoch)
            for tag in ["loss/step", "learning_rate"]:
                assert [point.step for point in events.Scalars(tag)] == [10, 20, 30, 40], tag
            text = events.Tensors("hyper-parameters")
            assert b"| batch size | 16 |" in text[0].tensor_proto.string_val[0], text
            """, folder["out"])
    }
}
