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

    @Test func roundsToTheNearest() {
        let expected = Self.numbers.map(nearest)
        onEveryConfiguration("round to bfloat16") {
            [roundedToBFloat16(Self.numbers)]
        } check: { results, isa in
            #expect(sameBits(results, [expected]), "on \(isa)")
        }
    }

    @Test(arguments: ElementwiseCase.all) func anyCount(_ elementwise: ElementwiseCase) {
        let numbers = randomFloats(elementwise.count, seed: 1)
        onEveryConfiguration(elementwise) {
            [roundedToBFloat16(numbers)]
        } check: { results, isa in
            #expect(sameBits(results, [numbers.map(nearest)]), "\(elementwise) on \(isa)")
        }
    }

    @Test func keepsNaN() {
        let nans = [0x7f80_0001, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff, 0x7fc0_0000].map { Float(bitPattern: $0) }
        onEveryConfiguration("NaN") {
            [roundedToBFloat16(nans)]
        } check: { results, isa in
            #expect(results[0].allSatisfy { $0.isNaN }, "on \(isa)")
        }
    }
}
