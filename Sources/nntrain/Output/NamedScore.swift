import SwiftNN

/// What a model is scored on.
enum ScoredData: String, Encodable {
    case test
    /// Samples of the training set in place of the test set.
    case heldOut = "held-out"
}

/// A score as members of a JSON object, named after what it was reached on: "test_loss", or "held_out_loss" where no test
/// sample was looked at; and "scored_on".
struct NamedScore: Encodable {
    let data: ScoredData
    let score: Evaluation?
    /// Without test-time views, where the score is with them.
    let plainAccuracy: Double?

    init(_ score: Evaluation?, on data: ScoredData, plainAccuracy: Double? = nil) {
        (self.score, self.data, self.plainAccuracy) = (score, data, plainAccuracy)
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: MemberName.self)
        try members.encode(data, forKey: MemberName(stringValue: "scored_on"))
        let prefix = data.rawValue.replacing("-", with: "_")
        for (figure, value) in [
            ("loss", score?.loss), ("accuracy", score?.accuracy), ("accuracy_plain", plainAccuracy),
        ] {
            try members.encodeIfPresent(value, forKey: MemberName(stringValue: "\(prefix)_\(figure)"))
        }
    }
}

/// The name of a member that is put together.
private struct MemberName: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
