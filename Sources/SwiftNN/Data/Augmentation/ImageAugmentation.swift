import CKernels

/// Random changes to images that leave their class, drawn anew for every image in every epoch.
///
/// ```swift
/// train.augmentation = ImageAugmentation(flip: .random, translation: 4, edge: .black)
/// ```
public struct ImageAugmentation: Sendable, Hashable {
    /// How left and right are swapped.
    public enum Flip: String, Sendable {
        case none
        case always
        /// Each image in each epoch with probability 1/2.
        case random
        /// Half of the images in the first epoch, the other half in the second, and so on: an image is seen both ways in
        /// every two epochs (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds on a single GPU").
        case alternating
    }

    /// What comes in from beyond the edges of a moved image.
    public enum Edge: String, Sendable {
        /// Pixels of 0, as they are before normalisation.
        case black
        /// The image mirrored at its edge pixels, which are not repeated.
        case reflect
    }

    public var flip: Flip
    /// Pixels that every image moves up and to the left, besides its random translation.
    public var offset: (top: Int, left: Int) {
        get { (offsetTop, offsetLeft) }
        set { (offsetTop, offsetLeft) = newValue }
    }
    private var offsetTop = 0, offsetLeft = 0
    /// The most pixels that an image moves to each side, uniformly: `RandomCrop(size, padding: translation)` of torchvision.
    public var translation: Int
    public var edge: Edge
    /// The side of a square, centred anywhere in the image, that becomes 0, the mean (DeVries & Taylor 2017); 0 for none.
    public var cutout: Int

    public init(
        flip: Flip = .none, translation: Int = 0, offset: (top: Int, left: Int) = (0, 0), edge: Edge = .reflect,
        cutout: Int = 0
    ) {
        precondition(translation >= 0 && cutout >= 0, "ImageAugmentation: lengths are not negative")
        (self.flip, self.translation, self.edge, self.cutout) = (flip, translation, edge, cutout)
        self.offset = offset
    }

    /// What becomes of an image in a pass over the data set; `window` is its height and width.
    func view(of image: Int32, window: (height: Int, width: Int), in pass: DatasetPass) -> snn_image_view {
        var random = pass.random(of: image)
        var view = snn_image_view()
        switch flip {
        case .none: break
        case .always: view.mirrored = true
        case .random: view.mirrored = random.below(2) == 1
        case .alternating:
            var constant = pass.constantRandom(of: image)
            view.mirrored = (constant.below(2) + pass.epoch).isMultiple(of: 2)
        }
        view.top = Int32(offset.top + random.below(2 * translation + 1) - translation)
        view.left = Int32(offset.left + random.below(2 * translation + 1) - translation)
        if cutout > 0 {
            view.cut_top = Int32(random.below(window.height) - cutout / 2)
            view.cut_left = Int32(random.below(window.width) - cutout / 2)
            (view.cut_height, view.cut_width) = (Int32(cutout), Int32(cutout))
        }
        return view
    }
}

extension ImageAugmentation: CustomStringConvertible {
    public var description: String {
        var parts: [String] = []
        if flip != .none { parts.append("flip \(flip.rawValue)") }
        if offset != (0, 0) { parts.append("offset \(offset.top), \(offset.left)") }
        if translation > 0 { parts.append("translation \(translation) px (\(edge.rawValue) edge)") }
        if cutout > 0 { parts.append("cutout \(cutout) px") }
        return parts.isEmpty ? "none" : parts.joined(separator: ", ")
    }
}
