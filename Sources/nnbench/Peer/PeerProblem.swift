/// What the peer is told to run: the name of a function in peer.py and its arguments (truth values are 0 or 1).
struct PeerProblem: Encodable, Sendable {
    let operation: String
    let parameters: [String: Int]
}
