extension DatasetSource {
    /// Handwritten digits (LeCun, Cortes, Burges).
    public static let mnist = DatasetSource(
        name: "mnist",
        files: [
            File(
                name: "train-images-idx3-ubyte", byteCount: 47_040_016,
                sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
            File(
                name: "train-labels-idx1-ubyte", byteCount: 60_008,
                sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
            File(
                name: "t10k-images-idx3-ubyte", byteCount: 7_840_016,
                sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
            File(
                name: "t10k-labels-idx1-ubyte", byteCount: 10_008,
                sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ],
        folders: ["mnist", "MNIST/raw"],
        mirror: "https://ossci-datasets.s3.amazonaws.com/mnist/",
        downloads: mnistDownloads)

    /// Pictures of clothes (Xiao, Rasul, Vollgraf), in the form of MNIST.
    public static let fashionMNIST = DatasetSource(
        name: "fashion-mnist",
        files: [
            File(
                name: "train-images-idx3-ubyte", byteCount: 47_040_016,
                sha256: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
            File(
                name: "train-labels-idx1-ubyte", byteCount: 60_008,
                sha256: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
            File(
                name: "t10k-images-idx3-ubyte", byteCount: 7_840_016,
                sha256: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
            File(
                name: "t10k-labels-idx1-ubyte", byteCount: 10_008,
                sha256: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        ],
        folders: ["fashion-mnist", "FashionMNIST/raw"],
        systemDirectories: ["/usr/share/datasets/fashion-mnist"],
        systemPackage: "dataset-fashion-mnist",
        mirror: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        downloads: mnistDownloads)

    /// Colour pictures of ten classes (Krizhevsky): the binary version, or the Python version where that is at hand.
    public static let cifar10 = DatasetSource(
        name: "cifar10",
        files: [
            File(
                name: "data_batch_1.bin", byteCount: 30_730_000,
                sha256: "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"),
            File(
                name: "data_batch_2.bin", byteCount: 30_730_000,
                sha256: "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"),
            File(
                name: "data_batch_3.bin", byteCount: 30_730_000,
                sha256: "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"),
            File(
                name: "data_batch_4.bin", byteCount: 30_730_000,
                sha256: "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"),
            File(
                name: "data_batch_5.bin", byteCount: 30_730_000,
                sha256: "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"),
            File(
                name: "test_batch.bin", byteCount: 30_730_000,
                sha256: "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"),
            File(
                name: "batches.meta.txt", byteCount: 61,
                sha256: "558e74b5e208382e186da55784b4bac2cd52e558448e1b5800990fdb28ed8033"),
        ],
        otherFiles: CIFAR10Pickled.files,
        folders: ["cifar-10-batches-bin", "cifar-10-batches-py", "cifar10", "cifar-10"],
        mirror: "https://www.cs.toronto.edu/~kriz/",
        downloads: ["cifar-10-binary.tar.gz"])

    private static let mnistDownloads = [
        "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
}
