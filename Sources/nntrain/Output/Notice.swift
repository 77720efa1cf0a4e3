import Foundation

/// Says something about the run itself, which is no result, on standard error.
func notice(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
}
