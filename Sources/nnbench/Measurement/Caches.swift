import Foundation

/// The caches of the machine.
enum Caches {
    /// Bytes of the largest cache that cores share, as Linux says; at most 256 MB, so that buffers larger than it fit.
    static let lastLevel: Int = {
        let directory = "/sys/devices/system/cpu/cpu0/cache"
        let sizes = (0..<8).compactMap { index -> Int? in
            let text = try? String(contentsOfFile: "\(directory)/index\(index)/size", encoding: .utf8)
            // "32768K"
            return text.flatMap { Int($0.prefix(while: \.isNumber)) }.map { $0 << 10 }
        }
        return min(sizes.max() ?? 32 << 20, 256 << 20)
    }()
}
