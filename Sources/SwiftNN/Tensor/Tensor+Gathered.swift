extension Tensor {
    /// The tensor whose element at an index is this one's at offset + Σ index · stride, counted in its contiguous
    /// order. Where those lie one behind the other it shares this tensor's memory.
    ///
    /// - Parameters:
    ///   - shape: of the result.
    ///   - strides: how far a step along each dimension of the result leads; none is negative.
    func gathered(shape: [Int], strides: [Int], offset start: Int = 0) -> Tensor {
        let source = contiguous()
        guard shape.allSatisfy({ $0 > 0 }) else { return .zeros(shape) }
        let last = zip(shape, strides).reduce(start) { $0 + ($1.0 - 1) * $1.1 }
        precondition(
            start >= 0 && last < count && strides.allSatisfy { $0 >= 0 },
            "Tensor.gathered: \(shape) by \(strides) from \(start) on does not fit into \(count) elements")
        if Self.isContiguous(shape, strides) {
            return Tensor(shape: shape, storage: source.storage, offset: source.offset + start)
        }
        let result = Tensor(uninitialized: shape)
        var index = Array(repeating: 0, count: shape.count)
        var place = start
        source.withUnsafePointer { elements in
            for i in 0..<result.count {
                result.storage.base[i] = elements[place]
                Self.advance(&index, &place, shape, strides)
            }
        }
        return result
    }

    /// Copies what stands at `indices` of the first dimension, one behind the other, in memory order.
    func copySamples(_ indices: ArraySlice<Int32>, to out: UnsafeMutableBufferPointer<Float>) {
        let size = shape.dropFirst().product
        guard size > 0, let base = out.baseAddress else { return }
        withUnsafePointer { samples in
            for (place, index) in indices.enumerated() {
                precondition(0..<shape[0] ~= Int(index), "there is no sample \(index)")
                (base + place * size).update(from: samples + Int(index) * size, count: size)
            }
        }
    }

    /// Whether strides lead from each element to the next one in memory; along a single element no step is made.
    private static func isContiguous(_ shape: [Int], _ strides: [Int]) -> Bool {
        zip(shape, zip(strides, shape.contiguousStrides)).allSatisfy { $0 == 1 || $1.0 == $1.1 }
    }

    /// The next index in the order of the shape, and its place.
    private static func advance(_ index: inout [Int], _ place: inout Int, _ shape: [Int], _ strides: [Int]) {
        for dimension in shape.indices.reversed() {
            index[dimension] += 1
            place += strides[dimension]
            if index[dimension] < shape[dimension] { return }
            place -= shape[dimension] * strides[dimension]
            index[dimension] = 0
        }
    }
}

extension [Int] {
    /// How far a step along each dimension of a contiguous tensor of this shape leads.
    var contiguousStrides: [Int] { indices.map { self[($0 + 1)...].product } }
}
