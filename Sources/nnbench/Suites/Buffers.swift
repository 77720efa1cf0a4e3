import CKernels

/// A float array at an address that kernels like, for as long as the object lives.
final class FloatBuffer {
    let count: Int
    let start: UnsafeMutablePointer<Float>

    private init(count: Int) {
        self.count = count
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: Int(SNN_ALIGNMENT))
        start = memory.bindMemory(to: Float.self, capacity: max(1, count))
    }

    static func zeros(_ count: Int) -> FloatBuffer {
        let buffer = FloatBuffer(count: count)
        buffer.start.initialize(repeating: 0, count: count)
        return buffer
    }

    /// Uniform in [-1, 1).
    static func random(_ count: Int, seed: UInt64) -> FloatBuffer {
        let buffer = zeros(count)
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        for i in 0..<count {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            buffer.start[i] = Float(Int64(state >> 40) - (1 << 23)) / Float(1 << 23)
        }
        return buffer
    }

    deinit { start.deallocate() }

    /// The largest difference to another, relative to the other's largest magnitude; infinite where a number is NaN.
    func error(against expected: FloatBuffer) -> Double {
        var difference: Float = 0
        var magnitude: Float = 1e-30
        for i in 0..<count {
            let distance = abs(start[i] - expected.start[i])
            guard distance.isFinite else { return .infinity }
            difference = max(difference, distance)
            magnitude = max(magnitude, abs(expected.start[i]))
        }
        return Double(difference / magnitude)
    }
}

/// Scratch memory of a kernel.
final class Workspace {
    let start: UnsafeMutableRawPointer

    init(bytes: Int) {
        start = .allocate(byteCount: max(1, bytes), alignment: Int(SNN_ALIGNMENT))
    }

    deinit { start.deallocate() }
}

/// A few sets of the same buffers, used in turn: a layer finds its data where the layer before left it, not in the
/// first-level cache where its own last run did.
struct Rotation<Element> {
    private let elements: [Element]

    init(of count: Int = 4, _ make: (_ seed: UInt64) -> Element) {
        elements = (0..<count).map { make(UInt64(100 * ($0 + 1))) }
    }

    subscript(iteration: Int) -> Element { elements[iteration % elements.count] }
}
