import Foundation
import TestSupport
import Testing

/// Trainings that are broken off, by force or by asking, and gone on with.
@Suite struct ResumeCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A training of some tenths of a second, the last batch of its epochs incomplete.
    enum Network: CaseIterable, Sendable {
        /// Dropout and AdamW.
        case perceptron
        /// Whitening, batch norm, augmentation, momentum and Lookahead.
        case fastRecipe

        func arguments(_ folder: TemporaryFolder, epochs: Int = 4) throws -> [String] {
            switch self {
            case .perceptron:
                let data = try writeBandImages(folder, "data", train: 150, test: 20)
                return ["mnist", "--data", data, "--epochs", "\(epochs)", "--batch-size", "32"]
            case .fastRecipe:
                let data = try writeColourBands(folder, "data", perFile: 10, test: 10)
                return ["cifar10", "--recipe", "fast", "--data", data, "--epochs", "\(epochs)", "--batch-size", "16"]
            }
        }
    }

    @Test(arguments: Network.allCases) func killedAndResumedItEndsWithTheSameBits(network: Network) throws {
        let arguments = try network.arguments(folder)
        let undisturbed = try nntrain(arguments + ["--out", folder["undisturbed"]])
        #expect(undisturbed.status == 0, "\(undisturbed.errors)")

        let resuming = arguments + ["--out", folder["killed"], "--checkpoint-every", "1", "--resume"]
        var kills = 0
        for writes in [1, 4, 2] {
            let training = try BackgroundCommand.nntrain(resuming)
            let checkpoint = folder["killed/checkpoint.safetensors"]
            training.wait(forWrites: writes, of: checkpoint)
            training.send(SIGKILL)
            let result = try training.result()
            if result.status == SIGKILL { kills += 1 } else { #expect(result.status == 0, "\(result.errors)") }
        }
        #expect(kills > 0)
        let resumed = try nntrain(resuming)
        #expect(resumed.status == 0, "\(resumed.errors)")
        try expectSameTraining("killed")
    }

    /// Everything but the time it took, and nothing else left behind.
    private func expectSameTraining(_ name: String) throws {
        let (own, other) = (folder[name], folder["undisturbed"])
        #expect(try contents(of: own + "/model.safetensors") == contents(of: other + "/model.safetensors"))
        #expect(try log(own) == log(other))
        let names = try FileManager.default.contentsOfDirectory(atPath: own).sorted()
        #expect(names == ["log.jsonl", "metrics.json", "model.safetensors", "report.html"])
    }

    /// The lines of the log without the time they took.
    private func log(_ directory: String) throws -> [[String: String]] {
        try String(contentsOfFile: directory + "/log.jsonl", encoding: .utf8).split(separator: "\n").map { line in
            var members = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(members.removeValue(forKey: "seconds") is Double)
            #expect(members.removeValue(forKey: "images_per_second") is Double)
            return members.mapValues { "\($0)" }
        }
    }

    @Test func theLogHasALineForEveryEpoch() throws {
        let arguments = try Network.perceptron.arguments(folder)
        #expect(try nntrain(arguments + ["--out", folder["out"]]).status == 0)
        let lines = try log(folder["out"])
        #expect(lines.map { $0["epoch"] } == (1...4).map { "\($0)" })
        let keys = [
            "learning_rate", "steps", "scored_on", "test_accuracy", "test_loss", "train_accuracy", "train_loss",
        ]
        #expect(lines.allSatisfy { $0.keys.sorted() == (["epoch"] + keys).sorted() })
        #expect(lines.allSatisfy { $0["steps"] == "5" && $0["scored_on"] == "test" })
        let losses = lines.compactMap { $0["train_loss"].flatMap(Double.init) }
        #expect(losses.count == 4 && losses[3] < losses[0])
    }

    // MARK: Asked to end

    /// A training long enough to be asked before it ends; started, and asked when its first epoch is over.
    private func interrupt(
        _ options: [String] = [], epochs: Int = 10_000, by signal: Int32 = SIGINT
    ) throws -> CommandResult {
        let training = try BackgroundCommand.nntrain(Network.perceptron.arguments(folder, epochs: epochs) + options)
        training.wait(forOutput: "epoch")
        training.send(signal)
        return try training.result()
    }

    @Test(arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func savesAndSaysHowToGoOn(signal: Int32, status: Int32) throws {
        let interrupted = try interrupt(["--out", folder["it's here"]], epochs: 60, by: signal)
        #expect(interrupted.status == status, "\(interrupted.errors)")
        #expect(interrupted.errors.hasPrefix("interrupted after step "), "\(interrupted.errors)")
        let command = try #require(interrupted.errors.split(separator: "\n").last)
        #expect(command.contains(" mnist ") && command.hasSuffix(" --resume"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder["it's here"]).sorted()
        #expect(names == ["checkpoint.safetensors", "log.jsonl"])

        let resumed = try run("/bin/sh", ["-c", String(command)])
        #expect(resumed.status == 0 && resumed.errors.hasPrefix("going on from "), "\(resumed.errors)")
        let arguments = try Network.perceptron.arguments(folder, epochs: 60)
        #expect(try nntrain(arguments + ["--quiet", "--out", folder["undisturbed"]]).status == 0)
        try expectSameTraining("it's here")
    }

    @Test func withoutADirectoryThereIsNothingToGoOnFrom() throws {
        let result = try interrupt()
        #expect(result.status == 130 && result.errors.contains("nothing is kept"), "\(result.errors)")
    }

    @Test func anotherTrainingIsRefusedAndChangesNothing() throws {
        _ = try interrupt(["--out", folder["out"]])
        let checkpoint = folder["out/checkpoint.safetensors"]
        let before = try contents(of: checkpoint)
        for (option, value, difference) in [
            ("--lr", "0.25", "learning rate 0.002, not 0.25"), ("--seed", "2", "seed 1, not 2"),
            ("--hold-out", "10", "hold-out 0, not 10"), ("--epochs", "9", "epochs 10000, not 9"),
        ] {
            let arguments = try Network.perceptron.arguments(folder, epochs: 10_000)
            let result = try nntrain(arguments + ["--out", folder["out"], "--resume", option, value])
            #expect(result.status == 1)
            #expect(result.errors.hasSuffix("Error: \(checkpoint): a checkpoint of another training: \(difference)\n"))
        }
        let anew = try nntrain(Network.perceptron.arguments(folder, epochs: 1) + ["--out", folder["out"]])
        #expect(anew.status == 1 && anew.errors.contains("Error: \(checkpoint): is of a training that was interrupted"))
        #expect(try contents(of: checkpoint) == before)
    }

    @Test func optionsThatNeedADirectory() throws {
        for (option, problem) in [
            (["--resume"], "--resume needs --out"), (["--checkpoint-every", "5"], "--checkpoint-every needs --out"),
            (["--checkpoint-every", "0", "--out", "x"], "--checkpoint-every must be 1 to 1000000, not 0"),
        ] {
            let result = try nntrain(["mnist"] + option)
            #expect(result.status == 64 && result.errors.contains("Error: \(problem)"), "\(result.errors)")
        }
    }
}
