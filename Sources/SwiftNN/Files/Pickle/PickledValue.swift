/// The values that a pickle describes. They refer to each other by number, so that a hostile file can make neither deep
/// recursion nor cycles of references.
final class PickleGraph {
    enum Value {
        case none
        case truth(Bool)
        case integer(Int)
        case real(Double)
        /// In UTF-8, not checked.
        case text(ArraySlice<UInt8>)
        case bytes(ArraySlice<UInt8>)
        case tuple([Int])
        case list([Int])
        /// Key, value, key, value.
        case dictionary([Int])
        case global(PickleGlobal)
        /// What a function would make of a tuple of arguments, and the state that the result would take over.
        case call(PickleGlobal, arguments: Int, state: Int?)
        /// What the pickle's owner keeps elsewhere under a name.
        case persistent(Int)
    }

    /// The file, for errors.
    let path: String
    private(set) var values: [Value] = []
    /// The bytes of the pickle that made the values.
    private(set) var positions: [Int] = []

    init(path: String) { self.path = path }

    /// Adds a value; returns its number.
    func add(_ value: Value, at position: Int) -> Int {
        values.append(value)
        positions.append(position)
        return values.count - 1
    }

    func replace(_ number: Int, by value: Value) { values[number] = value }

    /// Appends to a list or, keys and values in turn, to a dictionary. The list is never shared meanwhile, or every
    /// item would copy all those before it.
    ///
    /// - Returns: whether the value is one of them.
    func append(_ items: ArraySlice<Int>, to number: Int) -> Bool {
        switch values[number] {
        case .list(var contents):
            values[number] = .none
            contents += items
            values[number] = .list(contents)
        case .dictionary(var contents) where items.count.isMultiple(of: 2):
            values[number] = .none
            contents += items
            values[number] = .dictionary(contents)
        default: return false
        }
        return true
    }
}

/// One of the values of a pickle, and the way to those it refers to.
struct PickledValue {
    let graph: PickleGraph
    let number: Int

    var value: PickleGraph.Value { graph.values[number] }

    /// An error at this value.
    func failure(_ problem: String) -> FileError {
        FileError(graph.path, at: "byte \(graph.positions[number])", problem)
    }

    var truth: Bool? { if case .truth(let truth) = value { truth } else { nil } }

    var integer: Int? { if case .integer(let integer) = value { integer } else { nil } }

    /// A text; the bytes of Python 2's strings count as one.
    var text: String? {
        switch value {
        case .text(let bytes), .bytes(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    var bytes: ArraySlice<UInt8>? { if case .bytes(let bytes) = value { bytes } else { nil } }

    /// What a tuple or a list holds.
    var items: [PickledValue]? {
        switch value {
        case .tuple(let numbers), .list(let numbers): numbers.map { PickledValue(graph: graph, number: $0) }
        default: nil
        }
    }

    /// What a dictionary holds.
    var entries: [(key: PickledValue, value: PickledValue)]? {
        guard case .dictionary(let numbers) = value else { return nil }
        return stride(from: 0, to: numbers.count, by: 2).map {
            (PickledValue(graph: graph, number: numbers[$0]), PickledValue(graph: graph, number: numbers[$0 + 1]))
        }
    }

    /// The value of a dictionary under a name: the last one, as in Python.
    subscript(_ name: String) -> PickledValue? { entries?.last { $0.key.text == name }?.value }

    /// The integers of a tuple or a list, none of them negative.
    var sizes: [Int]? {
        guard let items else { return nil }
        let sizes = items.compactMap(\.integer).filter { $0 >= 0 }
        return sizes.count == items.count ? sizes : nil
    }

    /// What a recognised function was called with, and the state given to its result.
    func call(_ global: PickleGlobal) -> (arguments: [PickledValue], state: PickledValue?)? {
        guard case .call(global, let arguments, let state) = value else { return nil }
        return (
            PickledValue(graph: graph, number: arguments).items ?? [],
            state.map { PickledValue(graph: graph, number: $0) }
        )
    }

    /// The name under which the value is kept elsewhere.
    var persistentID: PickledValue? {
        if case .persistent(let number) = value { PickledValue(graph: graph, number: number) } else { nil }
    }

    /// The kind of the value, for errors.
    var summary: String {
        switch value {
        case .none: "None"
        case .truth: "a bool"
        case .integer: "an integer"
        case .real: "a float"
        case .text: "a text"
        case .bytes: "bytes"
        case .tuple: "a tuple"
        case .list: "a list"
        case .dictionary: "a dictionary"
        case .global: "a class or a function"
        case .call(.rebuildTensor, _, _), .call(.rebuildParameter, _, _): "a tensor"
        case .call(.arrayType, _, _): "a dtype"
        case .call: "an array"
        case .persistent: "a storage"
        }
    }
}
