import SwiftNN

extension Sequential {
    /// A multi-layer perceptron for flattened images: linear layers with ReLU between them, and dropout before the next.
    ///
    /// - Parameter hidden: the size of each hidden layer, with the probability of dropout behind it.
    static func perceptron(inputs: Int, hidden: [(size: Int, dropout: Float)], classes: Int) -> Sequential {
        var layers: [any Layer] = [Flatten()]
        var features = inputs
        for layer in hidden {
            layers += [Linear(features, layer.size), ReLU(), Dropout(layer.dropout)] as [any Layer]
            features = layer.size
        }
        return Sequential(layers + [Linear(features, classes)])
    }
}
