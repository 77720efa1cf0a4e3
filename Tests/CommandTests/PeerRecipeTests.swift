import Foundation
import KernelCases
import SwiftNN
import TestSupport
import Testing

@testable import nntrain

/// A comparison with PyTorch is fair only if both sides train the same: each CIFAR-10 recipe of `nntrain` beside what
/// `cifar10.py --describe` says of its own.
@Suite struct PeerRecipeTests {
    @Test(.enabled(if: Environment.python != nil, "SWIFTNN_PYTHON"), arguments: Recipe.of(.cifar10).map(\.name))
    func agrees(name: String) throws {
        let script = BenchmarkFiles.pytorch + "/cifar10.py"
        let result = try run(try #require(Environment.python), [script, name, "--describe"])
        try #require(result.status == 0, "\(result.errors)")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let peer = try decoder.decode(RecipeFacts.self, from: Data(result.output.utf8))
        let own = RecipeFacts(try Recipe.find(name, of: .cifar10))
        #expect(own.options == peer.options)
        #expect(own.numbersByRule == peer.numbersByRule)
        // The sides round to whole steps, of which there are a thousand, at different places.
        let differences = zip(own.factors, peer.factors).map { abs($0 - $1) }
        #expect(own.factors.count == peer.factors.count && differences.allSatisfy { $0 < 5e-3 }, "\(differences)")
    }
}

private struct RecipeFacts: Decodable {
    struct Options: Decodable, Equatable {
        let epochs: Int, batchSize: Int, translation: Int
        let labelSmoothing: Float
        let alternatingFlip: Bool, views: Bool
        let lookahead: [Float], resizing: [[Double]]
        /// Of the model that chooses what is learned from.
        let proxyNumbers: Int
    }

    struct Rule: Decodable, Hashable {
        let lr: Float, momentum: Float, weightDecay: Float
    }

    struct Group: Decodable {
        /// How many numbers learn by the rule.
        let numbers: Int
        let rule: Rule
    }

    let options: Options
    let groups: [Group]
    /// Of the learning rate, at every fiftieth step of a thousand.
    let factors: [Float]

    /// PyTorch's side keeps biases apart even where they learn as the weights do.
    var numbersByRule: [Rule: Int] { Dictionary(groups.map { ($0.rule, $0.numbers) }, uniquingKeysWith: +) }

    init(_ recipe: Recipe) {
        let callbacks = recipe.callbacks()
        let resizing = callbacks.lazy.compactMap { $0 as? ProgressiveResizing }.first
        let lookahead = callbacks.lazy.compactMap { $0 as? Lookahead }.first
        options = Options(
            epochs: recipe.epochs, batchSize: recipe.batchSize, translation: recipe.augmentation?.translation ?? 0,
            labelSmoothing: recipe.loss.labelSmoothing, alternatingFlip: recipe.augmentation?.flip == .alternating,
            views: recipe.views != .none, lookahead: lookahead.map { [Float($0.every), $0.retention] } ?? [],
            resizing: resizing?.stages.map { [Double($0.size), $0.until] } ?? [],
            proxyNumbers: recipe.proxy.map { Self.learnedNumbers($0.makeModel().parameters) } ?? 0)
        groups = recipe.parameterGroups(of: recipe.makeModel()).map { group in
            let sgd = group.rule as? SGD
            let muon = group.rule as? Muon
            let rule = Rule(
                lr: group.rule.lr, momentum: sgd?.momentum ?? muon?.momentum ?? .nan,
                weightDecay: sgd?.weightDecay ?? muon?.weightDecay ?? .nan)
            return Group(numbers: Self.learnedNumbers(group.parameters), rule: rule)
        }
        factors = stride(from: 0, to: 1000, by: 50).map { step in
            recipe.schedule.factor(at: TrainingPosition(step: step, totalSteps: 1000, stepsPerEpoch: 100))
        }
    }

    private static func learnedNumbers(_ parameters: [Parameter]) -> Int {
        parameters.filter(\.requiresGradient).map(\.count).reduce(0, +)
    }
}
