import CKernels

/// The memory of all buffers of a plan: buffers that are never alive at the same moment overlap. What a plan keeps from one
/// run to the next has a block of its own, so that the rest can be shared with plans that run at other times.
final class Arena {
    private let kept: Storage
    private let passing: Storage
    /// Bytes of both.
    let byteCount: Int

    init(_ buffers: [Buffer], in memory: PlanMemory) {
        let roots = buffers.filter { $0.root === $0 }
        let (keptPlaces, keptBytes) = Self.layOut(roots.filter(\.isPersistent)) { _ in 0...0 }
        let (places, bytes) = Self.layOut(roots.filter { !$0.isPersistent }, lifetime: \.lifetime)
        byteCount = keptBytes + bytes
        kept = Storage(uninitialized: keptBytes / MemoryLayout<Float>.stride)
        passing = memory.block(floats: bytes / MemoryLayout<Float>.stride)
        for place in keptPlaces { place.buffer.place(at: UnsafeMutableRawPointer(kept.base) + place.offset) }
        for place in places { place.buffer.place(at: UnsafeMutableRawPointer(passing.base) + place.offset) }
    }

    private struct Place {
        let buffer: Buffer, lifetime: ClosedRange<Int>, offset: Int
        var end: Int { offset + buffer.byteCount }
    }

    /// Places buffers greedily, the largest first, each at the lowest address where nothing alive at the same time lies;
    /// those without a lifetime are never used.
    private static func layOut(
        _ buffers: [Buffer], lifetime: (Buffer) -> ClosedRange<Int>?
    ) -> (places: [Place], bytes: Int) {
        var placed: [Place] = []
        for buffer in buffers.sorted(by: { $0.byteCount > $1.byteCount }) {
            guard let lifetime = lifetime(buffer) else { continue }
            let neighbours = placed.filter { $0.lifetime.overlaps(lifetime) }.sorted { $0.offset < $1.offset }
            var offset = 0
            for neighbour in neighbours where neighbour.offset < offset + buffer.byteCount && neighbour.end > offset {
                offset = neighbour.end.roundedUp(toMultipleOf: Int(SNN_ALIGNMENT))
            }
            placed.append(Place(buffer: buffer, lifetime: lifetime, offset: offset))
        }
        return (placed, (placed.map(\.end).max() ?? 0).roundedUp(toMultipleOf: Int(SNN_ALIGNMENT)))
    }
}

/// Memory for what plans compute and then no longer need. Plans that share it must not run in between the forward and the
/// backward pass of one another, nor before an output has been read.
final class PlanMemory {
    private var largest: Storage?
    /// How many blocks there were: a plan from before the last one keeps memory of its own.
    private(set) var generation = 0

    /// The block of the plan before where that is large enough, else a new one.
    func block(floats: Int) -> Storage {
        if let largest, largest.count >= floats { return largest }
        let block = Storage(uninitialized: floats)
        largest = block
        generation += 1
        return block
    }
}

extension Int {
    func roundedUp(toMultipleOf multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
