/// A tensor that does not fit where it was given: which layer, what it expects, what it got.
public struct ShapeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path and the description of the layer: "2: Conv2d(3, 64, kernelSize: 3)".
    public let layer: String
    /// What would fit: "[N, 3, H, W]".
    public let expected: String
    /// The shape that was given; where labels are too few or too many, their number alone.
    public let got: [Int]

    public init(layer: String, expected: String, got: [Int]) {
        self.layer = layer
        self.expected = expected
        self.got = got
    }

    public var description: String { "\(layer): expected \(expected), got \(got)" }
}
