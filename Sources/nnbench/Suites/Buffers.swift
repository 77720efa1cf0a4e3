import CKernels
import SwiftNN

/// A float array at an address that kernels like, for as long as the object lives.
final class FloatBuffer {
    let count: Int
    let start: UnsafeMutablePointer<Float>

    private init(uninitialized count: Int) {
        self.count = count
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, count) * MemoryLayout<Float>.stride, alignment: Int(SNN_ALIGNMENT))
        start = memory.bindMemory(to: Float.self, capacity: max(1, count))
    }

    static func zeros(_ count: Int) -> FloatBuffer {
        let buffer = FloatBuffer(uninitialized: count)
        buffer.start.initialize(repeating: 0, count: count)
        return buffer
    }

    /// Uniform in [low, high).
    static func random(_ count: Int, seed: UInt64, low: Float = -1, high: Float = 1) -> FloatBuffer {
        let buffer = FloatBuffer(uninitialized: count)
        snn_random_uniform(seed, 0, count, low, high, buffer.start)
        return buffer
    }

    deinit { start.deallocate() }

    /// Itself, with the numbers that a precision has.
    func rounded(to precision: Precision) -> FloatBuffer {
        if precision == .bfloat16 { snn_round_to_bfloat16(count, start, start) }
        return self
    }

    var scalars: [Float] { Array(UnsafeBufferPointer(start: start, count: count)) }
    var doubles: [Double] { UnsafeBufferPointer(start: start, count: count).map(Double.init) }

    /// A copy of the numbers with a name and a shape.
    func named(_ name: String, _ shape: [Int]) -> NamedTensor {
        NamedTensor(name, Tensor(UnsafeBufferPointer(start: start, count: count), shape: shape))
    }

    func copy(from other: FloatBuffer) { start.update(from: other.start, count: count) }
}

/// Numbers as a kernel takes them: floats, or a copy of them at 16 bits.
final class KernelNumbers {
    private let floats: FloatBuffer
    private let halves: Workspace?

    init(_ floats: FloatBuffer, _ format: snn_number_format) {
        self.floats = floats
        guard format == SNN_BFLOAT16 else {
            halves = nil
            return
        }
        let copy = Workspace(bytes: floats.count * snn_number_size(format))
        snn_narrow_to_bfloat16(floats.count, floats.start, copy.start.assumingMemoryBound(to: UInt16.self))
        halves = copy
    }

    var start: UnsafeMutableRawPointer { halves?.start ?? UnsafeMutableRawPointer(floats.start) }

    /// Brings what a kernel has written to the floats.
    func copyToFloats() {
        guard let halves else { return }
        snn_widen_bfloat16(floats.count, halves.start.assumingMemoryBound(to: UInt16.self), floats.start)
    }
}

extension NamedTensor {
    /// Of a reference's numbers.
    init(_ name: String, _ doubles: [Double], _ shape: [Int]) {
        self.init(name, Tensor(doubles.map { Float($0) }, shape: shape))
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

    var count: Int { elements.count }

    /// - Parameters:
    ///   - bytes: of a set.
    ///   - ceiling: what is bound by memory goes through more memory than the last cache holds.
    init(bytes: Int, _ ceiling: Ceiling, _ make: (_ seed: UInt64) -> Element) {
        let beyondCaches = 2 * Caches.lastLevel / max(bytes, 1) + 1
        let count = min(max(beyondCaches, 2), ceiling == .copy ? 512 : 4)
        elements = (0..<count).map { make(UInt64(100 * ($0 + 1))) }
    }

    subscript(iteration: Int) -> Element { elements[iteration % elements.count] }
}
