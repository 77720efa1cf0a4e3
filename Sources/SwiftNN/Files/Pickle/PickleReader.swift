/// Reads pickles of protocol 2 to 5 without executing anything. A pickle is a program for a machine with a stack and a
/// memo; this machine knows plain values only. Calls of the few functions in `PickleGlobal` stay descriptions of calls,
/// for the readers of arrays and tensors; every other name and instruction is an error.
struct PickleReader {
    /// More values than this are an error: single bytes make values, and no data set or model needs as many.
    private static let largestCount = 1 << 20

    private let graph: PickleGraph
    private var reader: ByteReader
    /// Bytes that calls may still make: one of few bytes can repeat what the memo holds.
    private var bytesLeft: Int
    /// Where the current instruction stands.
    private var position = 0
    /// Numbers of values.
    private var stack: [Int] = []
    /// Heights of the stack.
    private var marks: [Int] = []
    private var memo: [Int: Int] = [:]

    /// The value that a pickle describes.
    ///
    /// - Parameter path: the file, and its part that the bytes are, for errors.
    /// - Throws: `FileError` at the byte of an instruction that is unknown, cut off, or does not fit what is there.
    static func read(_ bytes: [UInt8], path: String) throws -> PickledValue {
        var machine = PickleReader(
            graph: PickleGraph(path: path), reader: ByteReader(bytes, path: path), bytesLeft: 2 * bytes.count + 1 << 20)
        return try machine.run()
    }

    private mutating func run() throws -> PickledValue {
        try readProtocol()
        while true {
            position = reader.position
            let code = try reader.littleEndian(UInt8.self, "an instruction")
            guard let opcode = PickleOpcode(rawValue: code) else {
                throw failure("the instruction 0x\(String(code, radix: 16)) is not for plain data")
            }
            if opcode == .stop { break }
            try execute(opcode)
        }
        let root = try pop()
        guard reader.remaining == 0 else { throw failure("\(reader.remaining) bytes after the end of the pickle") }
        return node(root)
    }

    private mutating func readProtocol() throws {
        let start = try Array(reader.take(2, "the protocol"))
        guard start[0] == PickleOpcode.proto.rawValue else {
            throw failure("not a pickle, or one of protocol 0 or 1; 2 to 5 can be read")
        }
        guard 2...5 ~= start[1] else { throw failure("pickle protocol \(start[1]); 2 to 5 can be read") }
    }

    private func failure(_ problem: String) -> FileError { FileError(reader.path, at: "byte \(position)", problem) }

    private func node(_ number: Int) -> PickledValue { PickledValue(graph: graph, number: number) }
}

// MARK: - Instructions

extension PickleReader {
    private mutating func execute(_ opcode: PickleOpcode) throws {
        switch opcode {
        case .proto: try reader.skip(1, "the protocol")
        case .frame: try skipFrameLength()
        case .stop: break

        case .none: try push(.none)
        case .newTrue: try push(.truth(true))
        case .newFalse: try push(.truth(false))
        case .binInt: try push(.integer(Int(try reader.littleEndian(Int32.self, "an integer"))))
        case .binInt1: try push(.integer(Int(try reader.littleEndian(UInt8.self, "an integer"))))
        case .binInt2: try push(.integer(Int(try reader.littleEndian(UInt16.self, "an integer"))))
        case .long1: try push(.integer(try integer(length: length(UInt8.self))))
        case .long4: try push(.integer(try integer(length: length(UInt32.self))))
        case .binFloat: try push(.real(Double(bitPattern: try reader.bigEndian(UInt64.self, "a float"))))

        case .shortBinUnicode: try push(.text(try bytes(UInt8.self)))
        case .binUnicode: try push(.text(try bytes(UInt32.self)))
        case .binUnicode8: try push(.text(try bytes(UInt64.self)))
        case .shortBinString, .shortBinBytes: try push(.bytes(try bytes(UInt8.self)))
        case .binString, .binBytes: try push(.bytes(try bytes(UInt32.self)))
        case .binBytes8, .byteArray8: try push(.bytes(try bytes(UInt64.self)))

        case .mark: try mark()
        case .pop: try discard()
        case .popMark: _ = try popToMark()
        case .dup: try push(number: try top())
        case .emptyTuple: try push(.tuple([]))
        case .tuple: try push(.tuple(Array(try popToMark())))
        case .tuple1: try push(.tuple(try pop(1)))
        case .tuple2: try push(.tuple(try pop(2)))
        case .tuple3: try push(.tuple(try pop(3)))
        case .emptyList: try push(.list([]))
        case .list: try push(.list(Array(try popToMark())))
        case .append: try append(try pop(1)[...])
        case .appends: try append(try popToMark())
        case .emptyDict: try push(.dictionary([]))
        case .dict: try makeDictionary(try popToMark())
        case .setItem: try append(try pop(2)[...])
        case .setItems: try append(try popToMark())

        case .binPut: try memoize(as: length(UInt8.self))
        case .longBinPut: try memoize(as: length(UInt32.self))
        case .memoize: try memoize(as: memo.count)
        case .binGet: try recall(length(UInt8.self))
        case .longBinGet: try recall(length(UInt32.self))

        case .global: try pushGlobal(module: line(), name: line())
        case .stackGlobal: try pushGlobalFromStack()
        case .reduce: try reduce()
        case .build: try build()
        case .binPersID: try push(.persistent(try pop()))
        }
    }

    /// A length or another number without a sign; more than an `Int` holds is more than any file has.
    private mutating func length<Number: FixedWidthInteger>(_ type: Number.Type) throws -> Int {
        Int(clamping: try reader.littleEndian(type, "a length"))
    }

    private mutating func bytes<Length: FixedWidthInteger>(_ type: Length.Type) throws -> ArraySlice<UInt8> {
        try reader.take(try length(type), "a string")
    }

    /// Frames only tell how much to read at once.
    private mutating func skipFrameLength() throws {
        let count = try length(UInt64.self)
        guard count <= reader.remaining else {
            throw failure("a frame of \(count) bytes, \(reader.remaining) are there")
        }
    }

    /// An integer in two's complement.
    private mutating func integer(length: Int) throws -> Int {
        guard length <= 8 else { throw failure("an integer of \(length) bytes; 8 can be read") }
        let bytes = try reader.take(length, "an integer")
        let start = (bytes.last ?? 0) & 0x80 == 0 ? 0 : -1
        return bytes.reversed().reduce(start) { $0 << 8 | Int($1) }
    }

    private mutating func line() throws -> String {
        var line = [UInt8]()
        while true {
            let byte = try reader.littleEndian(UInt8.self, "a name")
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }
}

// MARK: - The stack and the memo

extension PickleReader {
    private mutating func push(_ value: PickleGraph.Value) throws {
        try requireRoom(after: graph.values.count)
        try push(number: graph.add(value, at: position))
    }

    private mutating func push(number: Int) throws {
        try requireRoom(after: stack.count)
        stack.append(number)
    }

    private mutating func mark() throws {
        try requireRoom(after: marks.count)
        marks.append(stack.count)
    }

    private func requireRoom(after count: Int) throws {
        guard count < Self.largestCount else { throw failure("more than \(Self.largestCount) values") }
    }

    private func top() throws -> Int {
        guard stack.count > marks.last ?? 0, let number = stack.last else {
            throw failure("an instruction lacks the values it is for")
        }
        return number
    }

    private mutating func pop() throws -> Int {
        let number = try top()
        stack.removeLast()
        return number
    }

    /// The last values, in the order in which they were pushed.
    private mutating func pop(_ count: Int) throws -> [Int] {
        Array(try (0..<count).map { _ in try pop() }.reversed())
    }

    private mutating func popToMark() throws -> ArraySlice<Int> {
        guard let height = marks.popLast() else { throw failure("an instruction lacks its mark") }
        defer { stack.removeLast(stack.count - height) }
        return stack[height...]
    }

    /// Python lets `POP` remove a mark, too.
    private mutating func discard() throws {
        if let height = marks.last, height == stack.count {
            marks.removeLast()
        } else {
            _ = try pop()
        }
    }

    private mutating func memoize(as key: Int) throws {
        try requireRoom(after: memo.count)
        memo[key] = try top()
    }

    private mutating func recall(_ key: Int) throws {
        guard let number = memo[key] else { throw failure("the memo has no value \(key)") }
        try push(number: number)
    }
}

// MARK: - Containers

extension PickleReader {
    /// Appends to the list or the dictionary at the top.
    private mutating func append(_ items: ArraySlice<Int>) throws {
        let target = try top()
        guard graph.append(items, to: target) else {
            throw failure("\(items.count) items cannot be added to \(node(target).summary)")
        }
    }

    private mutating func makeDictionary(_ items: ArraySlice<Int>) throws {
        try push(.dictionary([]))
        try append(items)
    }
}

// MARK: - Globals and calls

extension PickleReader {
    private mutating func pushGlobal(module: String, name: String) throws {
        let name = "\(module).\(name)"
        guard let global = PickleGlobal(name) else {
            throw failure("refers to \(JSON.quoted(name)), which is not for plain data, arrays or tensors")
        }
        try push(.global(global))
    }

    private mutating func pushGlobalFromStack() throws {
        let names = try pop(2).map { node($0).text }
        guard let module = names[0], let name = names[1] else { throw failure("a name that is no text") }
        try pushGlobal(module: module, name: name)
    }

    private mutating func reduce() throws {
        let operands = try pop(2)
        guard case .global(let global) = graph.values[operands[0]], case .tuple = graph.values[operands[1]] else {
            throw failure("a call of \(node(operands[0]).summary) with \(node(operands[1]).summary)")
        }
        try push(try call(global, arguments: operands[1]))
    }

    private mutating func call(_ global: PickleGlobal, arguments: Int) throws -> PickleGraph.Value {
        switch global {
        case .orderedDict: .dictionary(try orderedEntries(node(arguments).items ?? []))
        case .bytes: .bytes(try encodedBytes(node(arguments).items ?? []))
        case .arrayReconstruct, .arrayFromBuffer, .arrayType, .rebuildTensor, .rebuildParameter:
            .call(global, arguments: arguments, state: nil)
        case .arrayClass, .storage: throw failure("a call of a class that has no such call")
        }
    }

    /// `OrderedDict()`, or Python 2's `OrderedDict([[key, value], ...])`.
    private mutating func orderedEntries(_ arguments: [PickledValue]) throws -> [Int] {
        guard let pairs = arguments.first?.items ?? (arguments.isEmpty ? [] : nil) else {
            throw failure("an OrderedDict of \(arguments[0].summary)")
        }
        try spend(pairs.count * 2 * MemoryLayout<Int>.stride)
        return try pairs.flatMap { pair in
            guard let items = pair.items, items.count == 2 else { throw pair.failure("not a key and a value") }
            return items.map(\.number)
        }
    }

    /// `bytes()`, `bytearray(b"...")` or, as protocol 2 writes bytes, `encode("...", "latin1")`.
    private mutating func encodedBytes(_ arguments: [PickledValue]) throws -> ArraySlice<UInt8> {
        guard let first = arguments.first else { return [] }
        if arguments.count == 1, let bytes = first.bytes { return bytes }
        if case .text(let characters) = first.value { try spend(characters.count) }
        guard arguments.count == 2, case .text(let characters) = first.value,
            ["latin1", "latin-1"].contains(arguments[1].text), let bytes = Self.latin1(characters)
        else { throw failure("bytes expected, or a text in Latin-1") }
        return bytes[...]
    }

    private mutating func spend(_ count: Int) throws {
        bytesLeft -= count
        guard bytesLeft >= 0 else { throw failure("calls that make far more than the file holds") }
    }

    /// The characters of a text in UTF-8, a byte each; nil where one is not below 256.
    private static func latin1(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        var isLatin1 = true
        let characters = [UInt8](unsafeUninitializedCapacity: text.count) { out, count in
            text.withUnsafeBufferPointer { text in
                var place = 0
                while place < text.count {
                    let byte = text[place]
                    if byte < 0x80 {
                        out[count] = byte
                        place += 1
                    } else if byte & 0xfe == 0xc2, place + 1 < text.count, text[place + 1] & 0xc0 == 0x80 {
                        out[count] = byte << 6 | text[place + 1] & 0x3f
                        place += 2
                    } else {
                        isLatin1 = false
                        return
                    }
                    count += 1
                }
            }
        }
        return isLatin1 ? characters : nil
    }

    /// Gives the result of a call its state. An OrderedDict's are attributes, such as PyTorch's `_metadata`, which do not
    /// matter here.
    private mutating func build() throws {
        let state = try pop()
        let target = try top()
        switch graph.values[target] {
        case .call(let global, let arguments, nil):
            graph.replace(target, by: .call(global, arguments: arguments, state: state))
        case .dictionary: break
        default: throw failure("a state for \(node(target).summary)")
        }
    }
}
