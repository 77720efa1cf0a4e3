import Foundation

#if canImport(FoundationXML)
    import FoundationXML
#endif

/// An element of an XML text.
public final class XMLTree {
    public let name: String
    public let attributes: [String: String]
    public fileprivate(set) var children: [XMLTree] = []
    /// The text in it and in its children.
    public fileprivate(set) var text = ""

    fileprivate init(_ name: String, _ attributes: [String: String]) {
        (self.name, self.attributes) = (name, attributes)
    }

    /// The root of a text; throws where it is not well-formed.
    public static func parse(_ text: String) throws -> XMLTree {
        let parser = XMLParser(data: Data(text.utf8))
        let builder = Builder()
        parser.delegate = builder
        guard parser.parse(), let root = builder.root.children.first else {
            throw NotWellFormed(line: parser.lineNumber, problem: "\(parser.parserError as Any)")
        }
        return root
    }

    public struct NotWellFormed: Error {
        let line: Int
        let problem: String
    }

    /// Every element below this one, in order.
    public var descendants: [XMLTree] { children.flatMap { [$0] + $0.descendants } }

    /// The elements below this one of a name, and of a class where one is given.
    public func all(_ name: String, class className: String? = nil) -> [XMLTree] {
        descendants.filter { $0.name == name && (className.map($0.classes.contains) ?? true) }
    }

    public var classes: [String] { (attributes["class"] ?? "").split(separator: " ").map(String.init) }

    /// An attribute that is a number.
    public func number(_ attribute: String) -> Double? { attributes[attribute].flatMap(Double.init) }
}

private final class Builder: NSObject, XMLParserDelegate {
    let root = XMLTree("", [:])
    private lazy var open = [root]

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        let element = XMLTree(name, attributes)
        open.last?.children.append(element)
        open.append(element)
    }

    func parser(_ parser: XMLParser, didEndElement: String, namespaceURI: String?, qualifiedName: String?) {
        open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        for element in open { element.text += text }
    }
}
