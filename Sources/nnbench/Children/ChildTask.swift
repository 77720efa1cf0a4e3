import Foundation
import SwiftNN

/// What this program does when it is started by itself, to be measured from outside; Benchmarks/pytorch/child.py does the
/// same. The answer is one line on the standard output.
enum ChildTask: String {
    /// The first training step of a perceptron on Fashion-MNIST.
    case firstStep = "first-step"
    /// Some training steps of a network.
    case training

    static func run(_ name: String, _ arguments: [String]) throws {
        switch ChildTask(rawValue: name) {
        case .firstStep: try takeFirstStep(data: arguments.first)
        case .training: try train(arguments)
        case nil: throw BenchError("--child \(name): no such task")
        }
    }

    private static func takeFirstStep(data directory: String?) throws {
        var (train, _) = try ImageDataset.fashionMNIST(in: directory)
        train.normalization = train.channelStatistics()
        let model = Sequential {
            Flatten()
            Linear(784, 256)
            ReLU()
            Linear(256, 10)
        }
        model.initialize(seed: 1)
        let trainer = Trainer(
            model, loss: CrossEntropyLoss(), optimizer: Optimizer(SGD(lr: 0.1, momentum: 0.9), model.parameters),
            callbacks: [ReportsFirstStep()])
        try trainer.fit(train, epochs: 1, batchSize: 64)
    }

    private static func train(_ arguments: [String]) throws {
        guard arguments.count == 3, let network = Network(rawValue: arguments[0]), let batch = Int(arguments[1]),
            let precision = Precision(rawValue: arguments[2])
        else {
            throw BenchError("--child training: expected a network, a batch size and a type, got \(arguments)")
        }
        let training = try Training(network, batch: batch, precision: precision)
        for iteration in 0..<trainingSteps { training.step(iteration) }
        print(try peakMemory())
    }

    private static let trainingSteps = 5

    /// The largest resident memory of this process so far, in bytes. The system's getrusage would count what the process
    /// had that started this one.
    private static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        // "VmHWM:     123456 kB"
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw BenchError("/proc/self/status: expected a line VmHWM")
        }
        return kilobytes << 10
    }
}

/// Says that a step is done, and ends the training.
private final class ReportsFirstStep: TrainerCallback {
    func stepFinished(_ record: EpochRecord, step: Int, _ run: TrainingRun, trainer: Trainer) {
        print("step")
        fflush(nil)
        trainer.stop()
    }
}
