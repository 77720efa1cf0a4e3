import CKernels
import KernelCases
import ReferenceKernels
import Testing

@Suite struct AugmentTests {
    /// One or two roundings of float32.
    static let tolerance = 2e-7

    @Test(arguments: AugmentCase.all) func matchesReference(_ augment: AugmentCase) {
        let size = augment.height * augment.width * augment.channels
        let images = randomFloats(augment.dataSetSize * size, seed: 1).map {
            UInt8(truncatingIfNeeded: Int($0 * 1_000))
        }
        let indices = randomFloats(augment.batch, seed: 2).map { Int32(abs($0) * Float(augment.dataSetSize)) }
        let views = Self.views(augment)
        let scale = randomFloats(augment.channels, seed: 3)
        let shift = randomFloats(augment.channels, seed: 4)
        let expected = zip(indices, views).flatMap { index, view in
            referenceView(
                view, of: images[Int(index) * size..<(Int(index) + 1) * size],
                size: (augment.height, augment.width, augment.channels), window: augment.window,
                reflects: augment.reflects, scale: doubles(scale), shift: doubles(shift))
        }
        let kernelViews = views.map(snn_image_view.init)
        onEveryConfiguration(augment) {
            var shape = augment.shape
            var out = [Float](repeating: .nan, count: augment.operations)
            snn_views_to_float(&shape, images, indices, kernelViews, scale, shift, &out)
            return [out]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.tolerance, "\(augment) on \(isa)")
        }
    }

    @Test(arguments: [(0, 5), (1, 3), (2, 1), (5, 7), (6, 33), (9, 1_000)]) func mixesRows(rows: Int, size: Int) {
        let x = randomFloats(rows * size, seed: 6)
        let expected = (0..<rows * size).map { place in
            0.3 * Double(x[place]) + 0.7 * Double(x[(rows - 1 - place / size) * size + place % size])
        }
        onEveryConfiguration("mix \(rows)x\(size)") {
            var mixed = x
            snn_mix_rows(rows, size, 0.3, &mixed)
            return [mixed]
        } check: { results, isa in
            #expect(relativeError(results[0], expected) < Self.tolerance, "\(rows)x\(size) on \(isa)")
        }
    }

    /// Rows of which the other has no part stay what they are.
    @Test func mixingWithNothingChangesNothing() {
        let x: [Float] = [0.001, 2]
        onEveryConfiguration("mix") {
            ([0, 1] as [Float]).map { own in
                var mixed = x
                snn_mix_rows(2, 1, own, &mixed)
                return mixed
            }
        } check: { results, isa in
            #expect(results == [x.reversed(), x], "\(isa)")
        }
    }

    /// Windows up to the case's reach beyond every edge, every other one mirrored, with cuts also across the edges.
    private static func views(_ augment: AugmentCase) -> [ReferenceView] {
        let random = randomFloats(6 * augment.batch, seed: 5)
        func number(_ index: Int, upTo limit: Int) -> Int { Int((random[index] * Float(limit)).rounded()) }
        return (0..<augment.batch).map { image in
            let at = 6 * image
            return ReferenceView(
                top: number(at, upTo: augment.reach), left: number(at + 1, upTo: augment.reach),
                isMirrored: !image.isMultiple(of: 2),
                cut: (
                    number(at + 2, upTo: augment.window.height), number(at + 3, upTo: augment.window.width),
                    abs(number(at + 4, upTo: augment.window.height)), abs(number(at + 5, upTo: augment.window.width))
                ))
        }
    }
}

extension snn_image_view {
    init(_ view: ReferenceView) {
        self.init(
            top: Int32(view.top), left: Int32(view.left), mirrored: view.isMirrored, cut_top: Int32(view.cut.top),
            cut_left: Int32(view.cut.left), cut_height: Int32(view.cut.height), cut_width: Int32(view.cut.width))
    }
}
