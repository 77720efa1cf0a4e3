import CKernels

/// One block of memory for all buffers of a plan: buffers that are never alive at the same moment overlap.
final class Arena {
    private let storage: Storage
    /// Bytes of the block.
    let byteCount: Int

    /// Places buffers greedily, the largest first, each at the lowest address where nothing alive at the same time lies.
    init(_ buffers: [Buffer], moments: Int) {
        struct Placed {
            let buffer: Buffer, lifetime: ClosedRange<Int>, offset: Int
            var end: Int { offset + buffer.byteCount }
        }
        let roots = buffers.filter { $0.root === $0 && ($0.isPersistent || $0.lifetime != nil) }
        var placed: [Placed] = []
        for buffer in roots.sorted(by: { $0.byteCount > $1.byteCount }) {
            let lifetime = buffer.isPersistent ? 0...moments : buffer.lifetime ?? 0...moments
            let neighbours = placed.filter { $0.lifetime.overlaps(lifetime) }.sorted { $0.offset < $1.offset }
            var offset = 0
            for neighbour in neighbours where neighbour.offset < offset + buffer.byteCount && neighbour.end > offset {
                offset = neighbour.end.roundedUp(toMultipleOf: Int(SNN_ALIGNMENT))
            }
            placed.append(Placed(buffer: buffer, lifetime: lifetime, offset: offset))
        }
        byteCount = (placed.map(\.end).max() ?? 0).roundedUp(toMultipleOf: Int(SNN_ALIGNMENT))
        storage = Storage(uninitialized: byteCount / MemoryLayout<Float>.stride)
        for place in placed { place.buffer.place(at: UnsafeMutableRawPointer(storage.base) + place.offset) }
    }
}

extension Int {
    func roundedUp(toMultipleOf multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
