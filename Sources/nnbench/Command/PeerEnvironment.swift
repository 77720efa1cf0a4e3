import Foundation

/// What an environment forces on the peers' libraries.
enum PeerEnvironment {
    /// None of these: what the libraries choose for this CPU by themselves counts.
    private static let forcing = [
        "OPENBLAS_CORETYPE", "MKL_ENABLE_INSTRUCTIONS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY",
    ]
    /// Idle threads of OpenBLAS spin for so many cycles, as a power of two. Left alone, they spin on through the turns of
    /// others; with these some milliseconds they are still awake from one call of their own turn to the next.
    private static let spinning = (name: "OPENBLAS_THREAD_TIMEOUT", value: "22")

    /// Starts the program anew where the environment is another one, for OpenBLAS reads it when it is loaded.
    ///
    /// - Throws: `BenchError` where that is not possible.
    static func settle() throws {
        let found = forcing.filter { getenv($0) != nil }
        let spins = getenv(spinning.name).map { String(cString: $0) }
        guard !found.isEmpty || spins != spinning.value else { return }
        for name in found { unsetenv(name) }
        setenv(spinning.name, spinning.value, 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        throw BenchError("cannot start anew with \(spinning.name)=\(spinning.value) and without \(forcing)")
    }
}
