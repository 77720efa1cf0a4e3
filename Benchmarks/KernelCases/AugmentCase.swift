import CKernels

/// Windows of a batch of uint8 images.
public struct AugmentCase: KernelCase {
    public var batch: Int
    public var height: Int, width: Int, channels: Int
    public var window: (height: Int, width: Int)
    /// How far windows go beyond the edges.
    public var reach = 2
    public var reflects = true

    public var description: String {
        "augment \(batch)x\(height)x\(width)x\(channels) to \(window.height)x\(window.width) "
            + "reach \(reach) \(reflects ? "reflect" : "black")"
    }
    public var operations: Int { batch * window.height * window.width * channels }

    /// How many images the data set has that the batch is picked from.
    public var dataSetSize: Int { max(1, 2 * batch) }

    public var shape: snn_view_shape {
        snn_view_shape(
            batch: batch, height: height, width: width, channels: channels, out_height: window.height,
            out_width: window.width, edge: reflects ? SNN_EDGE_REFLECT : SNN_EDGE_BLACK)
    }

    public static let all: [AugmentCase] = [
        AugmentCase(batch: 0, height: 4, width: 4, channels: 3, window: (4, 4)),
        AugmentCase(batch: 2, height: 1, width: 1, channels: 1, window: (3, 5), reach: 4),
        AugmentCase(batch: 2, height: 4, width: 3, channels: 0, window: (4, 4)),
        AugmentCase(batch: 3, height: 5, width: 7, channels: 3, window: (5, 7)),
        AugmentCase(batch: 3, height: 5, width: 7, channels: 3, window: (3, 4), reach: 0),
        AugmentCase(batch: 3, height: 2, width: 3, channels: 1, window: (9, 11), reach: 12),
        AugmentCase(batch: 5, height: 6, width: 9, channels: 17, window: (6, 9)),
        AugmentCase(batch: 6, height: 28, width: 28, channels: 1, window: (28, 28), reach: 30),
        AugmentCase(batch: 9, height: 32, width: 32, channels: 3, window: (32, 32), reach: 4),
        AugmentCase(batch: 9, height: 32, width: 32, channels: 3, window: (24, 24), reach: 4),
    ].flatMap { [$0, $0.black] }

    private var black: AugmentCase {
        var result = self
        result.reflects = false
        return result
    }
}
