/// A height and a width: `3` for both, or `.init(3, 5)`.
public struct SpatialSize: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    public let height: Int
    public let width: Int

    public init(_ height: Int, _ width: Int) { (self.height, self.width) = (height, width) }
    public init(_ both: Int) { self.init(both, both) }
    public init(integerLiteral both: Int) { self.init(both, both) }

    public var description: String { height == width ? "\(height)" : "(\(height), \(width))" }
}

/// The zeros around an image.
public struct Padding: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    enum Kind: Hashable {
        case explicit(top: Int, bottom: Int, left: Int, right: Int)
        case same
    }
    let kind: Kind

    /// None.
    public static let valid: Padding = 0
    /// As many as keep the size, the odd one at the end; with stride 1 only.
    public static let same = Padding(kind: .same)

    /// The same number on all sides.
    public init(integerLiteral all: Int) { self.init(all, all) }
    /// A number above and below, and one left and right.
    public init(_ vertical: Int, _ horizontal: Int) {
        self.init(top: vertical, bottom: vertical, left: horizontal, right: horizontal)
    }
    /// A number for each side; none is negative.
    public init(top: Int, bottom: Int, left: Int, right: Int) {
        precondition(min(top, bottom, left, right) >= 0, "Padding: numbers must not be negative")
        self.init(kind: .explicit(top: top, bottom: bottom, left: left, right: right))
    }

    private init(kind: Kind) { self.kind = kind }

    /// The zeros before and after along both axes for a kernel of the given reach (dilation · (kernel − 1)).
    func resolved(reach: SpatialSize) -> (top: Int, bottom: Int, left: Int, right: Int) {
        switch kind {
        case .explicit(let top, let bottom, let left, let right): (top, bottom, left, right)
        case .same:
            (reach.height / 2, reach.height - reach.height / 2, reach.width / 2, reach.width - reach.width / 2)
        }
    }

    public var description: String {
        switch kind {
        case .same: ".same"
        case .explicit(let top, let bottom, let left, let right):
            Set([top, bottom, left, right]).count == 1 ? "\(top)" : "(\(top), \(bottom), \(left), \(right))"
        }
    }
}
