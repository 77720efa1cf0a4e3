import SwiftNN

/// The files that a training leaves.
extension OutputDirectory {
    var model: String { self["model.safetensors"] }
    var metrics: String { self["metrics.json"] }
    var report: String { self["report.html"] }
    var log: String { self["log.jsonl"] }
    /// A directory of event files.
    var tensorBoard: String { self["tensorboard"] }
    /// There only as long as the training is not finished.
    var checkpoint: String { self["checkpoint.safetensors"] }
}
