import Foundation

/// The files beside the cases, which are copied to where the programs are built.
public enum BenchmarkFiles {
    /// The folder with the lists of problems that `nnbench` times.
    public static var shapes: String { Bundle.module.bundlePath + "/shapes" }

    /// The folder with PyTorch's side of `nnbench`.
    public static var pytorch: String { Bundle.module.bundlePath + "/pytorch" }
}
