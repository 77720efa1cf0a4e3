/// A NumPy array in a pickle.
struct PickledArray {
    let layout: NumPyLayout
    let data: ArraySlice<UInt8>
    private let source: PickledValue

    /// - Returns: nil where the value is no array.
    /// - Throws: `FileError` where it is one of anything but numbers, or malformed.
    init?(_ value: PickledValue) throws {
        source = value
        if let call = value.call(.arrayReconstruct) {
            // (version, shape, dtype, whether the first index is the fastest, bytes)
            guard let state = call.state?.items, state.count == 5, let shape = state[1].sizes,
                let isFortranOrder = state[3].truth, let data = state[4].bytes
            else { throw value.failure("an array without a shape or without its numbers") }
            let (type, order) = try Self.type(state[2])
            layout = NumPyLayout(type: type, order: order, isFortranOrder: isFortranOrder, shape: shape)
            self.data = data
        } else if let call = value.call(.arrayFromBuffer) {
            let arguments = call.arguments
            guard (4...5).contains(arguments.count), let data = arguments[0].bytes, let sizes = arguments[2].sizes,
                let axes = Self.axes(arguments.dropFirst(3), rank: sizes.count)
            else { throw value.failure("an array without a shape or without its numbers") }
            let (type, order) = try Self.type(arguments[1])
            // A shape in Fortran's order is the array's, and one in K's, that of the memory, memory's.
            let isFortranOrder = arguments[3].text == "F"
            layout = NumPyLayout(
                type: type, order: order, sizesInMemory: isFortranOrder ? sizes.reversed() : sizes, axes: axes)
            self.data = data
        } else {
            return nil
        }
    }

    /// Which of the sizes in memory is that of each dimension, by NumPy's letter for the order, with K a permutation too.
    private static func axes(_ order: ArraySlice<PickledValue>, rank: Int) -> [Int]? {
        switch order.first?.text {
        case "C": return Array(0..<rank)
        case "F": return (0..<rank).reversed()
        case "K":
            guard let axes = order.dropFirst().first?.sizes, axes.sorted() == Array(0..<rank) else { return nil }
            return axes
        default: return nil
        }
    }

    /// A dtype is called with its name, and has the order of its bytes in its state.
    private static func type(_ value: PickledValue) throws -> (StoredType, StoredType.ByteOrder) {
        guard let call = value.call(.arrayType), let name = call.arguments.first?.text,
            let state = call.state?.items, state.count > 1, let mark = state[1].text
        else { throw value.failure("a dtype expected") }
        guard let type = NumPyLayout.type(name), let order = NumPyLayout.order(mark) else {
            throw value.failure("unsupported type '\(mark)\(name)'")
        }
        return (type, order)
    }

    /// The numbers as a tensor.
    func tensor() throws -> Tensor {
        if let problem = layout.problem(data.count) { throw source.failure(problem) }
        return layout.tensor(data)
    }
}
