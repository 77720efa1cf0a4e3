import SwiftNN

/// A problem with its data in memory, in some sets of buffers.
struct Prepared {
    /// What is computed from, in the first set.
    var inputs: [NamedTensor]
    /// What the peer process is told to run on them; nil where it has nothing alike.
    var problem: PeerProblem?
    /// Runs once, on the first set, and returns what came out.
    var outputs: () throws -> [NamedTensor]
    /// The same by another path in this process, for where no peer runs.
    var reference: (() throws -> [NamedTensor])?
    var difference = Difference.largest
    /// The difference allowed between two outputs.
    var tolerance: Double
    /// The same to the peer, where that one computes with fewer digits.
    var peerTolerance: Double?
    /// The same by the start of a tensor's name, of those that rounding errors change by more.
    var tolerances: [String: Double] = [:]
    /// How many sets of buffers the runs go through in turn.
    var sets: Int
    var ours: (_ iteration: Int) -> Void
    var openBLAS: ((_ iteration: Int) -> Void)?
}
