#if canImport(Glibc)
    import Glibc
#endif

/// Memory in large pages.
enum LargePages {
    /// What is smaller does not gain.
    private static let worthwhile = 4 << 20

    /// Asks the system for large pages under memory that is about to be written for the first time: it then stops the
    /// program some dozen times to hand out memory rather than some ten thousand times.
    static func request(under memory: UnsafeMutableBufferPointer<UInt8>) {
        #if os(Linux)
            guard memory.count >= worthwhile, let start = memory.baseAddress else { return }
            let page = sysconf(Int32(_SC_PAGESIZE))
            let skipped = -Int(bitPattern: start) & (page - 1)
            // Where the system has no large pages, it stays with small ones.
            _ = madvise(start + skipped, (memory.count - skipped) / page * page, MADV_HUGEPAGE)
        #endif
    }
}
