import CKernels

/// A tensor inside a plan: what one operation writes and the next reads, with its gradient.
///
/// A value has one consumer; `PlanBuilder.fork` makes two of one.
public struct Value {
    /// The logical shape: [N, C, H, W], [N, C, L], [N, features], ...
    public let shape: [Int]
    let order: ElementOrder
    let format: NumberFormat
    let buffer: Buffer
    /// nil where nobody needs it: in inference, and before the first layer that learns.
    let gradient: Buffer?
    let count: Int
    private let use = Use()

    init(shape: [Int], order: ElementOrder, format: NumberFormat, buffer: Buffer, gradient: Buffer?) {
        (self.shape, self.order, self.format) = (shape, order, format)
        (self.buffer, self.gradient) = (buffer, gradient)
        count = shape.product
    }
}

extension Value {
    /// The same elements with another gradient.
    func with(gradient: Buffer?) -> Value {
        Value(shape: shape, order: order, format: format, buffer: buffer, gradient: gradient)
    }

    /// Whether a consumer has the value, or a copy of it.
    private final class Use {
        var isTaken = false
    }

    /// Notes a consumer; false where there is one already.
    func take() -> Bool {
        defer { use.isTaken = true }
        return !use.isTaken
    }
}

/// How the elements of a value lie in memory.
enum ElementOrder: Equatable {
    /// As the shape is written.
    case contiguous
    /// [N, C, spatial...] with channels fastest.
    case channelsLast
    /// [N, channels * spatial] in logical order channels-first (PyTorch's flatten), still channels-last in memory.
    case flattenedChannelsLast(channels: Int, spatial: Int)

    /// The order as GEMM's packing takes it, for `features` numbers a row.
    func featureOrder(features: Int) -> snn_feature_order {
        guard case .flattenedChannelsLast(let channels, let spatial) = self else {
            return snn_feature_order(channels: 1, spatial: features)
        }
        return snn_feature_order(channels: channels, spatial: spatial)
    }

    /// Channels and spatial size of a channels-last value of this shape; nil where the memory is in logical order.
    func channelsAndSpatial(of shape: [Int]) -> (channels: Int, spatial: Int)? {
        switch self {
        case .contiguous: nil
        case .channelsLast: (shape[1], shape.dropFirst(2).product)
        case .flattenedChannelsLast(let channels, let spatial): (channels, spatial)
        }
    }
}

/// Of values of float32.
extension Value {
    /// Copies a tensor of this shape into `buffer` (the value's own or its gradient).
    func write(_ tensor: Tensor, to buffer: Buffer) {
        tensor.withUnsafePointer { source in
            let from: ElementOrder = tensor.format == .channelsLast ? .channelsLast : .contiguous
            copy(source, in: from, to: buffer.floats, in: order)
        }
    }

    /// A copy of `buffer` as a tensor of this shape.
    func read(_ buffer: Buffer) -> Tensor {
        var tensor = Tensor(uninitialized: shape)
        tensor.withUnsafeMutablePointer { copy(buffer.floats, in: order, to: $0, in: .contiguous) }
        return tensor
    }

    /// Copies this value's elements from one memory order to another.
    func copy(
        _ source: UnsafePointer<Float>, in from: ElementOrder, to target: UnsafeMutablePointer<Float>,
        in to: ElementOrder
    ) {
        switch (from.channelsAndSpatial(of: shape), to.channelsAndSpatial(of: shape)) {
        case (nil, let (channels, spatial)?) where channels > 1 && spatial > 1:
            snn_transpose(shape[0], channels, spatial, source, target)
        case (let (channels, spatial)?, nil) where channels > 1 && spatial > 1:
            snn_transpose(shape[0], spatial, channels, source, target)
        default:
            target.update(from: source, count: count)
        }
    }
}
