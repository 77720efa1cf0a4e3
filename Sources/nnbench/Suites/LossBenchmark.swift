import CKernels
import ReferenceKernels
import SwiftNN

/// Softmax and cross-entropy with labels: the mean loss and the gradient of the logits.
struct LossBenchmark: Benchmark {
    let rows: Int
    let classes: Int
    let name: String
    let group: String

    init(_ line: ShapeLine) throws {
        let fields = try line.fields(required: ["rows", "classes"])
        (rows, classes) = (try fields.size("rows"), try fields.size("classes"))
        (name, group) = ("loss softmax-cross-entropy \(line.text)", line.group)
    }

    /// The logits and their gradient.
    var work: Work { .memory(bytes: 8 * rows * classes) }

    private struct Buffers {
        let logits: FloatBuffer, gradient: FloatBuffer
    }

    func prepare() -> Prepared {
        let (rows, classes) = (rows, classes)
        let buffers = Rotation(bytes: 8 * rows * classes, .copy) { seed in
            Buffers(logits: .random(rows * classes, seed: seed, low: -4, high: 4), gradient: .zeros(rows * classes))
        }
        let labels = (0..<rows).map { Int32($0 * 7 % classes) }
        let workspace = Workspace(bytes: snn_loss_workspace_size(rows, classes))
        func loss(_ set: Buffers) -> Double {
            snn_cross_entropy(
                rows, classes, 0, 1 / Float(rows), set.logits.start, labels, set.gradient.start, workspace.start)
        }
        let set = buffers[0]
        return Prepared(
            inputs: [
                set.logits.named("logits", [rows, classes]), NamedTensor("labels", Tensor(labels.map(Float.init))),
            ],
            problem: PeerProblem(operation: "cross_entropy"),
            outputs: {
                let value = loss(set)
                return [
                    NamedTensor("loss", [value], [1]), set.gradient.named("dlogits", [rows, classes]),
                ]
            },
            reference: {
                let targets = referenceTargets(classes: classes, labels: labels, smoothing: 0)
                let result = referenceCrossEntropy(
                    rows: rows, classes: classes, logits: set.logits.doubles, targets: targets)
                return [
                    NamedTensor("loss", [result.loss / Double(rows)], [1]),
                    NamedTensor("dlogits", result.gradient.map { $0 / Double(rows) }, [rows, classes]),
                ]
            },
            tolerance: 5e-6, sets: buffers.count, ours: { _ = loss(buffers[$0]) })
    }
}
