/// Predicted classes as a text file, as competitions take them: the columns' names, then a line a sample with its number,
/// from 0, and its class.
public enum Submission {
    /// Writes the class of every sample, in place of the file that may be there.
    ///
    /// - Parameter columns: the names of the two columns.
    /// - Throws: `FileError` where the file cannot be written; the old one then stays.
    public static func write(
        _ classes: [Int], columns: (number: String, class: String) = ("id", "label"), to path: String
    ) throws {
        let lines = classes.enumerated().map { "\($0),\($1)\n" }
        try AtomicFile.write("\(columns.number),\(columns.class)\n" + lines.joined(), to: path)
    }
}
