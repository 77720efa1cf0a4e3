import Foundation

/// What an environment may force on the peers' libraries; what they choose for this CPU by themselves counts.
enum PeerEnvironment {
    private static let forcing = [
        "OPENBLAS_CORETYPE", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY",
    ]

    /// Starts the program anew where something is forced, for OpenBLAS reads its variable when it is loaded.
    ///
    /// - Throws: `BenchError` where that is not possible.
    static func lift() throws {
        let found = forcing.filter { getenv($0) != nil }
        guard !found.isEmpty else { return }
        for name in found { unsetenv(name) }
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        throw BenchError("\(found.joined(separator: ", ")): forces kernels on the peers; unset it")
    }
}
