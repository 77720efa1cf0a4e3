import Foundation
import Synchronization

/// A signal handler may touch nothing but such a variable.
private let received = Atomic<Int32>(0)

/// Lets Ctrl-C and SIGTERM end a run after the case that is being measured. A second one ends the process at once.
enum StopSignal {
    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                received.store(number, ordering: .relaxed)
                signal(SIGINT, SIG_DFL)
                signal(SIGTERM, SIG_DFL)
            }
        }
    }

    /// 0 until one came.
    static var number: Int32 { received.load(ordering: .relaxed) }
}
