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
            guard arguments.count == 4, let data = arguments[0].bytes, let shape = arguments[2].sizes,
                let letter = arguments[3].text, ["C", "F"].contains(letter)
            else { throw value.failure("an array without a shape or without its numbers") }
            let (type, order) = try Self.type(arguments[1])
            layout = NumPyLayout(type: type, order: order, isFortranOrder: letter == "F", shape: shape)
            self.data = data
        } else {
            return nil
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
