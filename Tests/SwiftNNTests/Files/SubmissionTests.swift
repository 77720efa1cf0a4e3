import SwiftNN
import TestSupport
import Testing

@Suite struct SubmissionTests {
    @Test func linesAreNumberedFromZero() throws {
        let folder = try TemporaryFolder()
        try Submission.write([7, 0, 9], to: folder["a.csv"])
        #expect(try contents(of: folder["a.csv"]) == Array("id,label\n0,7\n1,0\n2,9\n".utf8))
        try Submission.write([], columns: ("index", "class"), to: folder["a.csv"])
        #expect(try contents(of: folder["a.csv"]) == Array("index,class\n".utf8))
    }
}
