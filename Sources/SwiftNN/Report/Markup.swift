/// A piece of HTML or SVG. Literals are markup as they stand; strings that are interpolated are escaped, so that no name
/// or number from outside becomes markup.
///
/// ```swift
/// let cell: Markup = "<td>\(name)</td>"
/// ```
package struct Markup: Sendable, ExpressibleByStringInterpolation {
    package let source: String

    package init(stringLiteral value: String) { source = value }
    package init(stringInterpolation: Interpolation) { source = stringInterpolation.source }

    package struct Interpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        package init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(2 * literalCapacity) }

        package mutating func appendLiteral(_ literal: String) { source += literal }
        package mutating func appendInterpolation(_ text: String) { source += Markup.escaped(text) }
        package mutating func appendInterpolation(_ markup: Markup) { source += markup.source }
        package mutating func appendInterpolation(_ parts: [Markup]) {
            for part in parts { source += part.source }
        }
        package mutating func appendInterpolation(_ number: Int) { source += "\(number)" }
        /// A coordinate: a tenth of a pixel is enough.
        package mutating func appendInterpolation(_ coordinate: Double) {
            source += NumberText.fixed(coordinate, digits: 1)
        }
    }

    /// The text for HTML and XML, in content and in quoted attributes. Characters that XML has no place for become U+FFFD.
    private static func escaped(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0xfffe || scalar.value == 0xffff: result += "\u{fffd}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
