import SwiftNN

/// Prints a line after every epoch.
final class EpochLines: TrainerCallback {
    private let validationName: String

    init(validationName: String) { self.validationName = validationName }

    func epochFinished(_ record: EpochRecord, trainer: Trainer) {
        func text(_ loss: Double, _ accuracy: Double) -> String {
            "loss \(NumberText.fixed(loss, digits: 4)) accuracy \(NumberText.percent(accuracy))"
        }
        let validation = record.validation.map { "   \(validationName) \(text($0.loss, $0.accuracy))" } ?? ""
        print("epoch \(record.epoch + 1)   training \(text(record.trainLoss, record.trainAccuracy))\(validation)")
    }
}
