import ReferenceKernels
import SwiftNN

/// How the difference of two tensors is measured.
enum Difference: String {
    /// The largest difference of two numbers, relative to the largest number.
    case largest = "of the largest number"
    /// The Euclidean length of all differences, relative to the tensor's own.
    case euclidean = "of its length"

    func callAsFunction(_ actual: [Float], _ expected: [Double]) -> Double {
        switch self {
        case .largest: relativeError(actual, expected)
        case .euclidean: relativeDistance(actual, expected)
        }
    }
}

/// How far ours is from another computation of the same.
struct Check {
    /// The difference of the tensor that is furthest from what is allowed; infinite where one is missing.
    let error: Double
    /// What is allowed of that tensor.
    let tolerance: Double
    /// What ours was held against.
    let by: String
    private let difference: Difference
    private let worst: String

    /// - Parameter tolerances: of the tensors whose names start so, in place of `tolerance`.
    init(
        _ outputs: [NamedTensor], against expected: [NamedTensor], by name: String, _ difference: Difference = .largest,
        tolerance: Double, tolerances: [String: Double] = [:]
    ) {
        let own = Dictionary(outputs.map { ($0.name, $0.tensor) }) { first, _ in first }
        func error(of item: NamedTensor) -> Double {
            guard let tensor = own[item.name], tensor.shape == item.tensor.shape else { return .infinity }
            let error = difference(tensor.scalars, doubles(item.tensor.scalars))
            // Nothing compares with NaN.
            return error.isFinite ? error : .infinity
        }
        let results = expected.map { item in
            let allowed = tolerances.first { item.name.hasPrefix($0.key) }?.value ?? tolerance
            return (name: item.name, error: error(of: item), tolerance: allowed)
        }
        let missing = outputs.first { item in !expected.contains { $0.name == item.name } }
        let worst =
            missing.map { ($0.name, .infinity, tolerance) }
            ?? results.max { $0.error / $0.tolerance < $1.error / $1.tolerance } ?? ("nothing", .infinity, tolerance)
        (self.worst, self.error, self.tolerance) = worst
        (by, self.difference) = (name, difference)
    }

    /// One line; nil where all is well.
    var failure: String? {
        guard !(error <= tolerance) else { return nil }
        return "wrong: \(worst) differs from \(by) by \(error) \(difference.rawValue), allowed is \(tolerance)"
    }
}

extension Precision {
    /// How far two results may be apart that are in this precision: of bfloat16, neighbours among the largest numbers.
    func tolerance(float32 tolerance: Double) -> Double { self == .float32 ? tolerance : 0x1p-7 }
}
