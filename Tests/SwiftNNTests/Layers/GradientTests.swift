import ReferenceKernels
import SwiftNN
import Testing

/// The backward pass of every layer against central differences of its definition in Double, at awkward sizes.
@Suite struct GradientTests {
    /// Float32 against the gradient in Double, relative to the largest element.
    static let tolerance = 2e-6
    /// Gradients that are differences of larger numbers (a bias before a batch norm has none at all) are compared
    /// relative to the gradients that enter, of magnitude 1.
    static let least = 1.0

    @Test(arguments: GradientCase.all) func agreesWithDifferences(_ gradientCase: GradientCase) throws {
        let layer = gradientCase.make()
        layer.initialize(seed: 5)
        let x = distinctNumbers(gradientCase.shape, seed: 6)
        let y = try layer.forward(x)
        let dy = Tensor.uniform(y.shape, low: -1, high: 1, seed: 7)
        let dx = try layer.backward(dy)

        let parameters = layer.parameters
        let numeric = numericGradients(
            of: gradientCase.reference, input: doubles(x.scalars),
            parameters: parameters.map { doubles($0.value.scalars) }, outputGradient: doubles(dy.scalars))
        #expect(dx.shape == x.shape)
        #expect(relativeError(dx.scalars, numeric.input, least: Self.least) < Self.tolerance, "input")
        for (index, parameter) in parameters.enumerated() {
            let error = relativeError(parameter.gradient.scalars, numeric.parameters[index], least: Self.least)
            #expect(error < Self.tolerance, "parameter \(index)")
        }
    }

    /// Numbers between -2 and 2 in no order, all different and none of them 0: a small step changes neither the maximum of
    /// a window nor a sign.
    private func distinctNumbers(_ shape: [Int], seed: UInt64) -> Tensor {
        var stream = RandomStream(seed: seed)
        let count = shape.reduce(1, *)
        let numbers = (0..<count).shuffled(using: &stream).map { 4 * (Float($0) + 0.25) / Float(count) - 2 }
        return Tensor(numbers, shape: shape)
    }
}
