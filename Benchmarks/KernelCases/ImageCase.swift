/// A batch of uint8 images, gathered from a data set and turned to floats.
public struct ImageCase: KernelCase {
    public var batch: Int, pixels: Int, channels: Int

    public var description: String { "images \(batch)x\(pixels)x\(channels)" }
    public var operations: Int { batch * pixels * channels }

    /// How many images the data set has that the batch is picked from.
    public var dataSetSize: Int { max(1, 2 * batch) }

    public static let all: [ImageCase] =
        [(0, 4, 3), (2, 0, 3), (2, 4, 0), (1, 1, 1), (3, 1, 3), (3, 17, 1), (5, 9, 7), (2, 5, 8), (2, 7, 9)].map {
            ImageCase(batch: $0, pixels: $1, channels: $2)
        }
        + [(3, 5, 17), (2, 6, 33), (64, 784, 1), (32, 1_024, 3), (1, 50_000, 3), (1, 700, 17)].map {
            ImageCase(batch: $0, pixels: $1, channels: $2)
        }
}
