import ArgumentParser
import SwiftNN

struct FetchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Downloads a data set into ~/.cache/swiftnn and checks its hashes.",
        discussion: "Data sets: " + DatasetSource.all.map(\.name).joined(separator: ", "))

    @Argument(help: "Which data set.")
    var dataset: String

    @Option(help: ArgumentHelp("Where to download from instead of the usual place.", valueName: "url"))
    var mirror: String?

    @Option(help: ArgumentHelp("Where the files go; else ~/.cache/swiftnn.", valueName: "dir"))
    var out: String?

    func run() throws {
        guard let source = DatasetSource.all.first(where: { $0.name == dataset }) else {
            let names = DatasetSource.all.map(\.name).joined(separator: ", ")
            throw ValidationError("no data set \(dataset): there is \(names)")
        }
        guard let directory = out ?? source.cacheDirectory else {
            throw ValidationError("HOME is not set: name a folder with --out")
        }
        try Download(source, from: mirror ?? source.mirror, to: directory).run()
        print("\(source.name) is in \(directory)")
    }
}
