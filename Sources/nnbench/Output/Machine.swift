import CKernels
import Foundation

/// What the numbers were measured on.
enum Machine {
    static func description(peer: String?) -> [(name: String, value: String)] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let kernels = String(cString: snn_isa_name(snn_isa_active()))
        return [
            ("machine", "\(processorName), \(cores) cores, \(ProcessInfo.processInfo.operatingSystemVersionString)"),
            ("kernels", "\(kernels), \(snn_thread_count()) threads"),
            ("OpenBLAS", "\(openBLASVersion), its kernels for \(String(cString: snn_openblas_core()))"),
        ] + (Ceiling.hasBFloat16 ? [] : [("bfloat16", "no instructions for it here: shares are of the float32 peak")])
            + (peer.map { [("peers", $0)] } ?? [])
    }

    private static var processorName: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let line = information.split(separator: "\n").first { $0.hasPrefix("model name") }
        let name = line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
        return name ?? "unknown processor"
    }

    private static var openBLASVersion: String {
        // "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...": the second word.
        let words = String(cString: snn_openblas_config()).split(separator: " ")
        return words.count > 1 ? String(words[1]) : "unknown"
    }
}
