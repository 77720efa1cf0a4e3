import SwiftNN

/// Pictures of ten classes in MNIST's size that are easy to tell apart: two bright rows lie where the class says.
public func bandImages(_ count: Int) -> ImageDataset {
    var pixels: [UInt8] = []
    for image in 0..<count {
        for pixel in 0..<784 {
            let noise = UInt8((pixel * 31 + image * 17) % 64)
            pixels.append(pixel / 28 / 2 == image % 10 ? 255 : noise)
        }
    }
    return ImageDataset(
        pixels: pixels, shape: [1, 28, 28], labels: (0..<count).map { Int32($0 % 10) },
        classNames: (0..<10).map(String.init))
}

/// Writes such pictures as a data set in MNIST's form; returns its folder.
public func writeBandImages(_ folder: TemporaryFolder, _ name: String, train: Int = 600, test: Int = 100) throws
    -> String
{
    for (prefix, count) in [("train", train), ("t10k", test)] {
        let images = bandImages(count)
        try folder.write(idxBytes([count, 28, 28], data: images.pixels), "\(name)/\(prefix)-images-idx3-ubyte")
        try folder.write(idxBytes([count], data: images.labels.map(UInt8.init)), "\(name)/\(prefix)-labels-idx1-ubyte")
    }
    return folder[name]
}
