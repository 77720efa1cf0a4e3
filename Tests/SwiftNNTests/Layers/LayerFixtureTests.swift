import SwiftNN
import TestSupport
import Testing

/// Every layer against PyTorch: output, gradients of input and parameters, running statistics, output in inference.
@Suite struct LayerFixtureTests {
    /// Float32 arithmetic against float64 arithmetic on the same inputs, relative to the largest element.
    static let tolerance = 2e-6

    @Test(arguments: LayerCase.all) func agreesWithPyTorch(_ layerCase: LayerCase) throws {
        let (fixture, name) = (Fixture.layers, layerCase.name)
        let layer = layerCase.make()
        try layer.load(fixture.tensors(under: "\(name)/p."))
        let x = try fixture.tensor("\(name)/x")
        let dy = try fixture.tensor("\(name)/dy")

        try expectMatches(layer.forward(x), "y", of: name)
        try expectMatches(layer.backward(dy), "dx", of: name)
        let learned = layer.namedParameters.filter(\.parameter.requiresGradient)
        #expect(fixture.names(under: "\(name)/g.") == learned.map(\.name).sorted())
        for named in learned { try expectMatches(named.parameter.gradient, "g.\(named.name)", of: name) }
        let state = Dictionary(uniqueKeysWithValues: layer.state.map { ($0.name, $0.tensor) })
        for statistic in fixture.names(under: "\(name)/s.") {
            try expectMatches(#require(state[statistic]), "s.\(statistic)", of: name)
        }
        if fixture.optional("\(name)/inference") != nil { try expectMatches(layer(x), "inference", of: name) }
    }

    @Test(arguments: LayerCase.all) func agreesOnChannelsLastInput(_ layerCase: LayerCase) throws {
        let (fixture, name) = (Fixture.layers, layerCase.name)
        let x = try fixture.tensor("\(name)/x")
        guard x.rank >= 3 else { return }
        let layer = layerCase.make()
        try layer.load(fixture.tensors(under: "\(name)/p."))
        try expectMatches(layer.forward(x.converted(to: .channelsLast)), "y", of: name)
        let dy = try fixture.tensor("\(name)/dy")
        try expectMatches(layer.backward(dy.rank >= 3 ? dy.converted(to: .channelsLast) : dy), "dx", of: name)
    }

    @Test func everyFixtureHasItsCase() {
        let cases = Set(LayerCase.all.map(\.name))
        #expect(
            Set(Fixture.layers.names(under: "").compactMap { $0.split(separator: "/").first.map(String.init) }) == cases
        )
    }

    private func expectMatches(_ actual: Tensor, _ key: String, of name: String) throws {
        let expected = try Fixture.layers.tensor("\(name)/\(key)")
        expectClose(actual, expected, tolerance: Self.tolerance, "\(key) of \(name)")
    }
}
