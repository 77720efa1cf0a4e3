import CKernels

/// A piece of a plan's arena: a value, a gradient, a mask, packed weights or scratch memory of one operation.
///
/// Operations hold buffers; the arena gives each its address once all of them and their lifetimes are known.
public final class Buffer {
    let byteCount: Int
    /// Kept for the plan's whole life: packed weights, the plan's input and targets. Its output lasts until the next pass in
    /// the same memory.
    private(set) var isPersistent: Bool
    /// Whether the operation that writes it leaves numbers that bfloat16 has, in plans of that precision: then nobody else
    /// rounds them.
    var isRounded: Bool {
        get { root.rounds }
        set { root.rounds = newValue }
    }
    private var rounds = false
    /// First and last moment of use, in operations executed; nil until used.
    private(set) var lifetime: ClosedRange<Int>?
    /// The buffer whose memory this one shares.
    private var shared: Buffer?
    private var ownAddress: UnsafeMutableRawPointer?

    init(byteCount: Int, isPersistent: Bool = false) {
        self.byteCount = byteCount
        self.isPersistent = isPersistent
    }

    /// The buffer that stands for all that share memory with this one.
    var root: Buffer { shared?.root ?? self }

    /// Lets this buffer and `other` be the same memory.
    func share(with other: Buffer) {
        let (mine, theirs) = (root, other.root)
        guard mine !== theirs else { return }
        precondition(mine.byteCount == theirs.byteCount, "buffers of different sizes cannot share memory")
        mine.shared = theirs
        theirs.isPersistent = theirs.isPersistent || mine.isPersistent
    }

    /// Extends the lifetime to include `moment`.
    func use(at moment: Int) {
        let root = root
        let range = root.lifetime ?? moment...moment
        root.lifetime = min(range.lowerBound, moment)...max(range.upperBound, moment)
    }

    /// Set by the arena, on roots only.
    func place(at address: UnsafeMutableRawPointer) { ownAddress = address }

    var bytes: UnsafeMutableRawPointer {
        guard let address = root.ownAddress else {
            preconditionFailure("a buffer was used before its plan was laid out")
        }
        return address
    }

    var floats: UnsafeMutablePointer<Float> { bytes.assumingMemoryBound(to: Float.self) }

    /// Numbers at 16 bits.
    var halves: UnsafeMutablePointer<UInt16> { bytes.assumingMemoryBound(to: UInt16.self) }
}

extension Buffer {
    /// The first `count` floats; ask it for its `span` or `mutableSpan`.
    func elements(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: floats, count: count)
    }
}
