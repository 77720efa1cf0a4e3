// The cases as the kernels take them.
import CKernels

extension GemmCase {
    /// The shape as the kernel takes it, rows without gaps.
    public var shape: snn_gemm_shape {
        snn_gemm_shape(
            m: m, n: n, k: k, transpose_a: transposeA, transpose_b: transposeB,
            lda: transposeA ? m : k, ldb: transposeB ? k : n, ldc: n, alpha: alpha, beta: beta,
            bfloat16: bfloat16, rounds: rounds)
    }
}

extension ConvCase {
    public var shape: snn_conv_shape {
        snn_conv_shape(
            batch: batch, in_height: height.size, in_width: width.size, in_channels: inChannels,
            out_channels: outChannels, kernel_height: height.kernel, kernel_width: width.kernel,
            stride_height: height.stride, stride_width: width.stride, dilation_height: height.dilation,
            dilation_width: width.dilation, pad_top: height.padBefore, pad_bottom: height.padAfter,
            pad_left: width.padBefore, pad_right: width.padAfter, groups: groups, bfloat16: bfloat16)
    }
}

extension PoolCase {
    public var shape: snn_pool_shape {
        snn_pool_shape(
            batch: batch, in_height: height.size, in_width: width.size, channels: channels,
            kernel_height: height.kernel, kernel_width: width.kernel, stride_height: height.stride,
            stride_width: width.stride, dilation_height: height.dilation, dilation_width: width.dilation,
            pad_top: height.padBefore, pad_bottom: height.padAfter, pad_left: width.padBefore,
            pad_right: width.padAfter, ceil_mode: ceilMode, count_include_pad: countIncludePad, numbers: SNN_FLOAT32)
    }
}
