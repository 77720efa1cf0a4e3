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

/// Writes colour pictures of noise with a bright row for each class as a data set in CIFAR-10's form; returns its folder.
public func writeColourBands(_ folder: TemporaryFolder, _ name: String, perFile: Int, test: Int) throws -> String {
    var random = RandomStream(seed: 1)
    for (file, count) in (1...5).map({ ("data_batch_\($0)", perFile) }) + [("test_batch", test)] {
        var records: [UInt8] = []
        for image in 0..<count {
            records.append(UInt8(image % 10))
            for pixel in 0..<3072 {
                records.append(pixel % 1024 / 96 == image % 10 ? 255 : UInt8(random.below(128)))
            }
        }
        try folder.write(records, "\(name)/\(file).bin")
    }
    try folder.write((0..<10).map { "\($0)\n" }.joined(), "\(name)/batches.meta.txt")
    return folder[name]
}
