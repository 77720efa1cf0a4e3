import CKernels

/// An operation in its place in a plan, with what it writes forward and whose gradients it reads backward.
struct PlanStep {
    let operation: any Operation
    let output: Value?
    let consumed: [Value]

    init(_ operation: any Operation, output: Value) {
        (self.operation, self.output, consumed) = (operation, output, [output])
    }

    /// Both branches have the elements of a value that an operation before has written.
    init(fork operation: ForkOperation, branches: [Value]) {
        (self.operation, output, consumed) = (operation, nil, branches)
    }

    func forward(step: Int, _ precision: Precision) {
        operation.forward(step: step)
        if precision == .bfloat16, let output { output.roundToBFloat16(output.buffer) }
    }

    func backward(_ precision: Precision) {
        if precision == .bfloat16 {
            for value in consumed { value.gradient.map(value.roundToBFloat16) }
        }
        operation.backward()
    }
}

extension Value {
    /// Rounds `buffer`, the value's own or its gradient, unless who wrote it has.
    func roundToBFloat16(_ buffer: Buffer) {
        if !buffer.isRounded { snn_round_to_bfloat16(count, buffer.floats, buffer.floats) }
    }
}
