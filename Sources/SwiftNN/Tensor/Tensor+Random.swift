import CKernels

extension Tensor {
    /// Uniform random numbers in [low, high): the numbers 0..< of the stream `seed` (Philox4x32-10).
    public static func uniform(_ shape: [Int], low: Float = 0, high: Float = 1, seed: UInt64) -> Tensor {
        var tensor = Tensor(uninitialized: shape)
        let count = tensor.count
        tensor.withUnsafeMutablePointer { snn_random_uniform(seed, 0, count, low, high, $0) }
        return tensor
    }

    /// Normal random numbers: the numbers 0..< of the stream `seed` (Philox4x32-10, Box-Muller).
    public static func normal(_ shape: [Int], mean: Float = 0, deviation: Float = 1, seed: UInt64) -> Tensor {
        var tensor = Tensor(uninitialized: shape)
        let count = tensor.count
        tensor.withUnsafeMutablePointer { snn_random_normal(seed, 0, count, mean, deviation, $0) }
        return tensor
    }
}
