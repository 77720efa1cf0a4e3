/// What becomes of one image, as `snn_image_view` says.
public struct ReferenceView {
    public var top: Int, left: Int, isMirrored: Bool
    public var cut: (top: Int, left: Int, height: Int, width: Int)

    public init(top: Int, left: Int, isMirrored: Bool, cut: (top: Int, left: Int, height: Int, width: Int)) {
        (self.top, self.left, self.isMirrored, self.cut) = (top, left, isMirrored, cut)
    }
}

/// One window of one image [height, width, channels] as floats, pixel by pixel.
///
/// - Parameter reflects: whether the window shows the image mirrored beyond its edges, or black.
public func referenceView<T: BinaryFloatingPoint>(
    _ view: ReferenceView, of image: ArraySlice<UInt8>, size: (height: Int, width: Int, channels: Int),
    window: (height: Int, width: Int), reflects: Bool, scale: [T], shift: [T]
) -> [T] {
    func reflected(_ position: Int, _ size: Int) -> Int {
        var position = position
        while !(0..<size ~= position) {
            if size == 1 { return 0 }
            position = position < 0 ? -position : 2 * (size - 1) - position
        }
        return position
    }
    func byte(_ y: Int, _ x: Int, _ c: Int) -> UInt8 {
        let isInside = 0..<size.height ~= y && 0..<size.width ~= x
        guard isInside || reflects else { return 0 }
        let (y, x) = (reflected(y, size.height), reflected(x, size.width))
        return image[image.startIndex + (y * size.width + x) * size.channels + c]
    }
    var result: [T] = []
    for y in 0..<window.height {
        for x in 0..<window.width {
            let isCut =
                view.cut.top..<view.cut.top + view.cut.height ~= y
                && view.cut.left..<view.cut.left + view.cut.width ~= x
            let column = view.isMirrored ? window.width - 1 - x : x
            for c in 0..<size.channels {
                result.append(isCut ? 0 : T(byte(view.top + y, view.left + column, c)) * scale[c] + shift[c])
            }
        }
    }
    return result
}
