import CKernels
import Foundation

/// The header of every report: what the numbers were measured on.
enum Machine {
    static func description(peer: String?) -> String {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let lines = [
            "machine   \(processorName), \(cores) cores, \(ProcessInfo.processInfo.operatingSystemVersionString)",
            "kernels   \(String(cString: snn_isa_name(snn_isa_active()))), float32, \(snn_thread_count()) threads",
            "OpenBLAS  \(openBLASVersion), its kernels for \(String(cString: snn_openblas_core()))",
        ]
        return (lines + (peer.map { ["PyTorch   \($0)"] } ?? [])).joined(separator: "\n") + "\n"
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
