import SwiftNN

/// The data sets that recipes train on.
enum DatasetName: String, CaseIterable {
    case mnist
    case fashionMNIST = "fashion-mnist"

    var title: String {
        switch self {
        case .mnist: "MNIST"
        case .fashionMNIST: "Fashion-MNIST"
        }
    }

    /// Both parts, not yet normalised.
    func load(in directory: String?) throws -> (train: ImageDataset, test: ImageDataset) {
        switch self {
        case .mnist: try ImageDataset.mnist(in: directory)
        case .fashionMNIST: try ImageDataset.fashionMNIST(in: directory)
        }
    }
}
