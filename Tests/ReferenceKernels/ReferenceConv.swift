/// A convolution by the definition: channels-last images, weights [out, in / groups, kernel height, kernel width].
public struct ReferenceConv: Sendable {
    /// One axis of the image.
    public struct Axis: Sendable {
        let size: Int, kernel: Int, stride: Int, dilation: Int, padBefore: Int, outputSize: Int

        public init(size: Int, kernel: Int, stride: Int, dilation: Int, padBefore: Int, outputSize: Int) {
            self.size = size
            self.kernel = kernel
            self.stride = stride
            self.dilation = dilation
            self.padBefore = padBefore
            self.outputSize = outputSize
        }

        /// The output size follows from the others.
        public init(size: Int, kernel: Int, stride: Int, dilation: Int, padBefore: Int, padAfter: Int) {
            let room = size + padBefore + padAfter - dilation * (kernel - 1) - 1
            self.init(
                size: size, kernel: kernel, stride: stride, dilation: dilation, padBefore: padBefore,
                outputSize: room < 0 ? 0 : room / stride + 1)
        }

        /// Where output position `out` reads through tap `tap`, or nil in the padding.
        @inline(__always) func source(_ out: Int, _ tap: Int) -> Int? {
            let position = out * stride + tap * dilation - padBefore
            return position >= 0 && position < size ? position : nil
        }
    }

    let batch: Int, inChannels: Int, outChannels: Int, groups: Int
    let height: Axis, width: Axis

    public init(batch: Int, inChannels: Int, outChannels: Int, groups: Int, height: Axis, width: Axis) {
        self.batch = batch
        self.inChannels = inChannels
        self.outChannels = outChannels
        self.groups = groups
        self.height = height
        self.width = width
    }

    @specialized(where T == Double)
    @specialized(where T == Float)
    public func forward<T: BinaryFloatingPoint>(x: [T], weights: [T], bias: [T]?) -> [T] {
        var y = [T](repeating: 0, count: batch * height.outputSize * width.outputSize * outChannels)
        if let bias { for i in y.indices { y[i] = bias[i % outChannels] } }
        forEachProduct { i, w, o in y[o] += x[i] * weights[w] }
        return y
    }

    @specialized(where T == Double)
    @specialized(where T == Float)
    public func backwardData<T: BinaryFloatingPoint>(dy: [T], weights: [T]) -> [T] {
        var dx = [T](repeating: 0, count: batch * height.size * width.size * inChannels)
        forEachProduct { i, w, o in dx[i] += dy[o] * weights[w] }
        return dx
    }

    @specialized(where T == Double)
    @specialized(where T == Float)
    public func backwardWeights<T: BinaryFloatingPoint>(x: [T], dy: [T]) -> [T] {
        var dweights = [T](
            repeating: 0, count: outChannels * (inChannels / groups) * height.kernel * width.kernel)
        forEachProduct { i, w, o in dweights[w] += x[i] * dy[o] }
        return dweights
    }

    /// Every product that the convolution sums, as the positions of its input, weight and output.
    @inline(__always)
    private func forEachProduct(_ body: (_ x: Int, _ weight: Int, _ y: Int) -> Void) {
        let groupIn = inChannels / groups
        let groupOut = outChannels / groups
        for n in 0..<batch {
            for oh in 0..<height.outputSize {
                for ow in 0..<width.outputSize {
                    for kh in 0..<height.kernel {
                        guard let ih = height.source(oh, kh) else { continue }
                        for kw in 0..<width.kernel {
                            guard let iw = width.source(ow, kw) else { continue }
                            let x = ((n * height.size + ih) * width.size + iw) * inChannels
                            let y = ((n * height.outputSize + oh) * width.outputSize + ow) * outChannels
                            for o in 0..<outChannels {
                                for i in 0..<groupIn {
                                    let weight = ((o * groupIn + i) * height.kernel + kh) * width.kernel + kw
                                    body(x + o / groupOut * groupIn + i, weight, y + o)
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
