/// A run of random numbers, or of dropout with them.
public struct RandomCase: KernelCase {
    public var count: Int
    public var seed: UInt64 = 1
    public var offset: UInt64 = 0
    public var probability: Float = 0.5

    public var description: String { "random \(count) seed=\(seed) offset=\(offset) p=\(probability)" }

    public var operations: Int { count }

    /// Every place in a block, tails at every vector width, counters above 32 bits, several pieces and threads.
    public static let all: [RandomCase] =
        (0...5).flatMap { offset in
            [0, 1, 2, 7, 33, 131].map { RandomCase(count: $0, seed: 7 << 32 + 5, offset: offset) }
        } + [
            RandomCase(count: 500, seed: .max, offset: 1 << 34 - 250),
            RandomCase(count: 100, seed: 0x299F_31D0_A409_3822, offset: .max - 200),
            RandomCase(count: 9_001, seed: 3, offset: 3), RandomCase(count: 1 << 20),
        ] + [0, 0.1, 0.999, 1].map { RandomCase(count: 1030, probability: $0) }
}
