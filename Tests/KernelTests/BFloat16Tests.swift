import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct BFloat16Tests {
    /// Every upper half there is, NaNs apart, with what decides the rounding behind it.
    static let numbers: [Float] = (UInt32(0)...0xffff).flatMap { upper in
        [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff].map { Float(bitPattern: upper << 16 | $0) }
    }.filter { !$0.isNaN }

    /// Of the two neighbours that bfloat16 has, the nearer one; of two equally near the one with an even last bit.
    private func nearest(_ x: Float) -> Float {
        let below = Float(bitPattern: x.bitPattern & 0xffff_0000)
        guard below != x else { return x }
        let above = Float(bitPattern: below.bitPattern &+ 0x10000)
        // The next power of two stands for infinity.
        let aboveValue = above.isInfinite ? (x < 0 ? -1 : 1) * 0x1p128 : Double(above)
        let (down, up) = (abs(Double(x) - Double(below)), abs(aboveValue - Double(x)))
        if down == up { return below.bitPattern & 0x10000 == 0 ? below : above }
        return down < up ? below : above
    }

    /// As floats, and by way of 16 bits.
    private func rounded(_ numbers: [Float]) -> [[Float]] { [roundedToBFloat16(numbers), widened(narrowed(numbers))] }

    private func narrowed(_ numbers: [Float]) -> [UInt16] {
        var narrow = [UInt16](repeating: 0xffff, count: numbers.count)
        snn_narrow_to_bfloat16(numbers.count, numbers, &narrow)
        return narrow
    }

    private func widened(_ narrow: [UInt16]) -> [Float] {
        var numbers = unwritten(narrow.count)
        snn_widen_bfloat16(narrow.count, narrow, &numbers)
        return numbers
    }

    @Test func roundsToTheNearest() {
        let expected = Self.numbers.map(nearest)
        onEveryConfiguration("round to bfloat16") {
            rounded(Self.numbers)
        } check: { results, isa in
            #expect(sameBits(results, [expected, expected]), "on \(isa)")
        }
    }

    @Test(arguments: ElementwiseCase.all) func anyCount(_ elementwise: ElementwiseCase) {
        let numbers = randomFloats(elementwise.count, seed: 1)
        let expected = numbers.map(nearest)
        onEveryConfiguration(elementwise) {
            rounded(numbers)
        } check: { results, isa in
            #expect(sameBits(results, [expected, expected]), "\(elementwise) on \(isa)")
        }
    }

    @Test func keepsNaN() {
        let nans = [0x7f80_0001, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff, 0x7fc0_0000].map { Float(bitPattern: $0) }
        onEveryConfiguration("NaN") {
            rounded(nans)
        } check: { results, isa in
            #expect(results.allSatisfy { $0.allSatisfy(\.isNaN) }, "on \(isa)")
        }
    }

    /// What the functions of floats make of the same numbers, rounded.
    @Test(arguments: ElementwiseCase.all) func elementwiseAsFloats(_ elementwise: ElementwiseCase) {
        let count = elementwise.count
        let (a, b, c) = (
            narrowed(randomFloats(count, seed: 1)), narrowed(randomFloats(count, seed: 2)),
            narrowed(randomFloats(count, seed: 3))
        )
        let (tanh, gelu) = (snn_activation(kind: SNN_TANH, parameter: 0), snn_activation(kind: SNN_GELU, parameter: 0))
        onEveryConfiguration(elementwise) {
            let floats = [
                written { snn_add(count, widened(a), widened(b), $0) },
                written { snn_activation_forward(gelu, count, widened(a), $0) },
                written { snn_activation_backward(gelu, count, widened(a), widened(b), $0) },
                written { snn_activation_backward_from_output(tanh, count, widened(a), widened(b), $0) },
                written { snn_activation_forward_of_sum(gelu, count, widened(a), widened(b), $0) },
                written { snn_activation_backward_of_sum(tanh, count, widened(a), widened(b), widened(c), $0) },
            ]
            let halves = [
                written { snn_add_bfloat16(count, a, b, $0) },
                written { snn_activation_forward_bfloat16(gelu, count, a, $0) },
                written { snn_activation_backward_bfloat16(gelu, count, a, b, $0) },
                written { snn_activation_backward_from_output_bfloat16(tanh, count, a, b, $0) },
                written { snn_activation_forward_of_sum_bfloat16(gelu, count, a, b, $0) },
                written { snn_activation_backward_of_sum_bfloat16(tanh, count, a, b, c, $0) },
            ]
            return floats.map(roundedToBFloat16) + halves.map(widened)
        } check: { results, isa in
            #expect(sameBits(Array(results[..<6]), Array(results[6...])), "\(elementwise) on \(isa)")
        }

        func written<Number: Numeric>(_ kernel: (UnsafeMutablePointer<Number>) -> Void) -> [Number] {
            [Number](unsafeUninitializedCapacity: max(count, 1)) { memory, initialized in
                if let start = memory.baseAddress { kernel(start) }
                initialized = count
            }
        }
    }
}
