import SwiftNN

/// What the peer is told to run: the name of a function in problems.py and its arguments.
struct PeerProblem: Encodable, Sendable {
    enum Argument: Encodable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case size(Int)
        case number(Float)
        case word(String)

        init(integerLiteral value: Int) { self = .size(value) }
        init(stringLiteral value: String) { self = .word(value) }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .size(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .word(let value): try container.encode(value)
            }
        }
    }

    let operation: String
    var parameters: [String: Argument] = [:]
    var dtype = Precision.float32.rawValue
}
