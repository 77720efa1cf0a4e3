import SwiftNN
import Testing

@Suite struct TensorTests {
    @Test func copiesShareUntilChanged() {
        let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        var b = a
        b[1, 2] = 60
        #expect(a[1, 2] == 6)
        #expect(b.scalars == [1, 2, 3, 4, 5, 60])
    }

    @Test func channelsLastKeepsLogicalOrder() {
        let image = Tensor((0..<24).map(Float.init), shape: [2, 3, 2, 2])
        let last = image.converted(to: .channelsLast)
        #expect(last == image)
        #expect(last[1, 2, 0, 1] == image[1, 2, 0, 1])
        last.withSpan { #expect($0[1] == image[0, 1, 0, 0]) }
        #expect(last[rows: 1..<2] == image[rows: 1..<2])
        #expect(last.reshaped([2, -1]).scalars == image.scalars)
    }

    @Test func slicesChangeTheirOwnCopy() {
        let a = Tensor([1, 2, 3, 4], shape: [2, 2])
        var row = a[rows: 1..<2]
        row[0, 0] = 9
        #expect(a.scalars == [1, 2, 3, 4])
        #expect(row.scalars == [9, 4])
    }

    @Test func argmaxTakesTheFirstOfEquals() {
        #expect(Tensor([1, 3, 3, -1, -2, -3], shape: [2, 3]).argmaxOfRows() == [1, 0])
    }

    @Test func transposedSwapsRowsAndColumns() {
        let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        #expect(a.transposed() == Tensor([1, 4, 2, 5, 3, 6], shape: [3, 2]))
        #expect(Tensor.zeros([0, 3]).transposed() == .zeros([3, 0]))
    }

    @Test func matmulMultiplies() {
        let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        let b = Tensor([1, 0, 0, 1, 1, 1], shape: [3, 2])
        #expect(a.matmul(b) == Tensor([4, 5, 10, 11], shape: [2, 2]))
    }
}
