import CKernels

/// How the numbers of a value, and of its gradient, are kept.
enum NumberFormat {
    case float32
    /// At 16 bits. In plans of that precision alone, where convolutions multiply them so: half the memory, and half the time
    /// that passes over it wait for it.
    case bfloat16

    var byteCount: Int { self == .bfloat16 ? MemoryLayout<UInt16>.stride : MemoryLayout<Float>.stride }

    /// The same for kernels that round what they write.
    func kernel(_ precision: Precision) -> snn_number_format {
        switch (self, precision) {
        case (.bfloat16, _): SNN_BFLOAT16
        case (.float32, .bfloat16): SNN_ROUNDED
        case (.float32, .float32): SNN_FLOAT32
        }
    }

    /// Of a tensor that a kernel takes or writes.
    init(_ kernel: snn_number_format) { self = kernel == SNN_BFLOAT16 ? .bfloat16 : .float32 }
}

/// A layer that takes values of both formats. All others are given float32.
protocol AnyFormatLayer: Layer {}

extension Conv1d: AnyFormatLayer {}
extension Conv2d: AnyFormatLayer {}
extension BatchNorm1d: AnyFormatLayer {}
extension BatchNorm2d: AnyFormatLayer {}
extension MaxPool1d: AnyFormatLayer {}
extension MaxPool2d: AnyFormatLayer {}
extension GlobalMaxPool2d: AnyFormatLayer {}

/// Elementwise kernels on `count` numbers in buffers of the format.
extension NumberFormat {
    private func add(_ count: Int, _ a: Buffer, _ b: Buffer, into out: Buffer) {
        switch self {
        case .float32: snn_add(count, a.floats, b.floats, out.floats)
        case .bfloat16: snn_add_bfloat16(count, a.halves, b.halves, out.halves)
        }
    }

    /// y = activation(a + b).
    func activate(_ activation: Activation, _ count: Int, _ a: Buffer, _ b: Buffer, into y: Buffer) {
        let kernel = activation.kernel
        switch self {
        case _ where activation == .identity: add(count, a, b, into: y)
        case .float32: snn_activation_forward_of_sum(kernel, count, a.floats, b.floats, y.floats)
        case .bfloat16: snn_activation_forward_of_sum_bfloat16(kernel, count, a.halves, b.halves, y.halves)
        }
    }

    /// dx = (a + b) · activation', from y = activation(x), of an activation that is invertible.
    func differentiate(
        _ activation: Activation, _ count: Int, fromOutput y: Buffer, _ a: Buffer, _ b: Buffer, into dx: Buffer
    ) {
        let kernel = activation.kernel
        switch self {
        case _ where activation == .identity: add(count, a, b, into: dx)
        case .float32: snn_activation_backward_of_sum(kernel, count, y.floats, a.floats, b.floats, dx.floats)
        case .bfloat16:
            snn_activation_backward_of_sum_bfloat16(kernel, count, y.halves, a.halves, b.halves, dx.halves)
        }
    }

    /// y = activation(x).
    func activate(_ activation: Activation, _ count: Int, _ x: Buffer, into y: Buffer) {
        switch self {
        case .float32: snn_activation_forward(activation.kernel, count, x.floats, y.floats)
        case .bfloat16: snn_activation_forward_bfloat16(activation.kernel, count, x.halves, y.halves)
        }
    }

    /// dx = dy · activation'(x).
    func differentiate(_ activation: Activation, _ count: Int, at x: Buffer, _ dy: Buffer, into dx: Buffer) {
        let kernel = activation.kernel
        switch self {
        case .float32: snn_activation_backward(kernel, count, x.floats, dy.floats, dx.floats)
        case .bfloat16: snn_activation_backward_bfloat16(kernel, count, x.halves, dy.halves, dx.halves)
        }
    }

    /// The same from y = activation(x), of an activation that is invertible.
    func differentiate(_ activation: Activation, _ count: Int, fromOutput y: Buffer, _ dy: Buffer, into dx: Buffer) {
        let kernel = activation.kernel
        switch self {
        case .float32: snn_activation_backward_from_output(kernel, count, y.floats, dy.floats, dx.floats)
        case .bfloat16: snn_activation_backward_from_output_bfloat16(kernel, count, y.halves, dy.halves, dx.halves)
        }
    }

    /// Copies numbers of this format to those of another.
    func convert(_ count: Int, _ source: Buffer, to format: NumberFormat, _ target: Buffer) {
        switch (self, format) {
        case (.float32, .bfloat16): snn_narrow_to_bfloat16(count, source.floats, target.halves)
        case (.bfloat16, .float32): snn_widen_bfloat16(count, source.halves, target.floats)
        default: target.bytes.copyMemory(from: source.bytes, byteCount: count * byteCount)
        }
    }
}
