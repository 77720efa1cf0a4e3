import CKernels

/// A block of aligned memory that tensors share until one of them changes it.
///
/// Sharing across threads is safe because a tensor copies a shared block before it writes (`Tensor.makeUnique`).
final class Storage: @unchecked Sendable {
    let base: UnsafeMutablePointer<Float>
    let count: Int

    /// Memory that is not initialised: the caller writes every element.
    init(uninitialized count: Int) {
        self.count = count
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: Int(SNN_ALIGNMENT))
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    convenience init(repeating value: Float, count: Int) {
        self.init(uninitialized: count)
        base.initialize(repeating: value, count: count)
    }

    deinit {
        UnsafeMutableRawPointer(base).deallocate()
    }
}
