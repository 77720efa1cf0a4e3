import SwiftNN

/// The data sets that recipes train on.
enum DatasetName: String, CaseIterable {
    case mnist
    case fashionMNIST = "fashion-mnist"
    case cifar10

    var title: String {
        switch self {
        case .mnist: "MNIST"
        case .fashionMNIST: "Fashion-MNIST"
        case .cifar10: "CIFAR-10"
        }
    }

    /// Both parts, not yet normalised.
    func load(in directory: String?) throws -> (train: ImageDataset, test: ImageDataset) {
        switch self {
        case .mnist: try ImageDataset.mnist(in: directory)
        case .fashionMNIST: try ImageDataset.fashionMNIST(in: directory)
        case .cifar10: try ImageDataset.cifar10(in: directory)
        }
    }
}
