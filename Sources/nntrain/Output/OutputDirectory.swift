import SwiftNN

/// The files that a training leaves.
extension OutputDirectory {
    var model: String { self["model.safetensors"] }
    var metrics: String { self["metrics.json"] }
    var report: String { self["report.html"] }
}
