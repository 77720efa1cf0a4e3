import CKernels

/// Reproducible inputs: uniform numbers in [-1, 1) that need few bits, so that reference and kernel start from the same values.
func randomFloats(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return Float(Int64(state >> 40) - (1 << 23)) / Float(1 << 23)
    }
}

/// Such inputs, rounded where they are to be numbers that bfloat16 has.
func randomOperand(_ count: Int, seed: UInt64, bfloat16: Bool) -> [Float] {
    let numbers = randomFloats(count, seed: seed)
    return bfloat16 ? roundedToBFloat16(numbers) : numbers
}

func roundedToBFloat16(_ numbers: [Float]) -> [Float] {
    var rounded = numbers
    snn_round_to_bfloat16(numbers.count, numbers, &rounded)
    return rounded
}

/// The bytes of numbers as a kernel takes them. At 16 bits they are ones that bfloat16 has.
func encoded(_ numbers: [Float], _ format: snn_number_format) -> [UInt8] {
    guard format == SNN_BFLOAT16 else { return numbers.withUnsafeBytes { Array($0) } }
    return numbers.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Array($0) }
}

/// And back.
func decoded(_ bytes: [UInt8], _ format: snn_number_format) -> [Float] {
    bytes.withUnsafeBytes { bytes in
        guard format == SNN_BFLOAT16 else { return Array(bytes.bindMemory(to: Float.self)) }
        return bytes.bindMemory(to: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    }
}

/// Scratch memory for one kernel call, aligned as kernels expect, and filled with NaN so that a kernel that reads what
/// it did not write is found out.
func withWorkspace<R>(_ bytes: Int, _ body: (UnsafeMutableRawPointer) -> R) -> R {
    let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 1), alignment: Int(SNN_ALIGNMENT))
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0xFF, count: bytes)
    return body(memory)
}

/// An output array for a kernel: what it does not write stays NaN.
func unwritten(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count) }

/// The address of an array that a kernel may also be called without.
func withOptional<R>(_ array: [Float]?, _ body: (UnsafePointer<Float>?) -> R) -> R {
    guard let array else { return body(nil) }
    return array.withUnsafeBufferPointer { body($0.baseAddress) }
}
