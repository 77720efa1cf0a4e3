import CKernels

/// What the kernels run on.
public enum Runtime {
    /// An instruction-set tier of the kernels.
    public enum InstructionSet: String, Sendable, CaseIterable {
        case portable, neon, avx2, avx512, amx

        /// Whether this CPU can run the tier.
        public var isAvailable: Bool { snn_isa_available(kernelValue) }

        private var kernelValue: snn_isa {
            switch self {
            case .portable: SNN_ISA_PORTABLE
            case .neon: SNN_ISA_NEON
            case .avx2: SNN_ISA_AVX2
            case .avx512: SNN_ISA_AVX512
            case .amx: SNN_ISA_AMX
            }
        }
    }

    /// The tier in use: the best this CPU has, unless the environment variable SWIFTNN_ISA names a lower one.
    public static var instructionSet: InstructionSet {
        InstructionSet(rawValue: String(cString: snn_isa_name(snn_isa_active()))) ?? .portable
    }

    /// How many threads the kernels use; at the start, one per CPU this process may run on. Set for the whole process;
    /// numbers below 1 count as 1, and those above `threadLimit` as that.
    public static var threads: Int {
        get { Int(snn_thread_count()) }
        set { snn_set_thread_count(Int32(clamping: newValue)) }
    }

    /// The most threads that kernels use.
    public static let threadLimit = Int(SNN_THREAD_LIMIT)

    /// A one-line complaint about the environment variable SWIFTNN_ISA, or nil where it is unset or can be obeyed.
    public static func instructionSetComplaint() -> String? {
        guard let name = SystemFile.environment("SWIFTNN_ISA") else { return nil }
        if let wanted = InstructionSet(rawValue: name), wanted.isAvailable { return nil }
        let usable = InstructionSet.allCases.filter(\.isAvailable).map(\.rawValue).joined(separator: ", ")
        return "SWIFTNN_ISA=\(name): this machine has \(usable)"
    }
}
