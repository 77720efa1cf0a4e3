import ArgumentParser
import SwiftNN

/// Where a data set is.
struct DataOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the data set is; else SWIFTNN_DATA, ~/.cache/swiftnn or Debian's package.", valueName: "dir"))
    var data: String?
}

/// Stops where an environment variable asks for what this machine has not.
func checkEnvironment() throws {
    if let complaint = Runtime.instructionSetComplaint() { throw ValidationError(complaint) }
}
