internal import App
package import ArgumentParser
internal import Foundation
internal import Records

/// `recollect backup`
package struct BackupCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Write everything that is stored to one file, while servers go on.",
    discussion: """
      The file is a database of its own with sessions, memories, their history and vectors, as they \
      were at one moment. It is looked through before it gets its name. The index is not in it; it is \
      made again after `recollect restore`.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Argument(
    help: ArgumentHelp(
      "The file to write, or a folder, in which it gets a name with the time.",
      valueName: "file-or-folder"))
  var target: String

  @Flag(help: "Replace a file that is there.")
  var force = false

  package init() {}

  private struct Report: Encodable {
    let path: String
    let bytes: Int
    let contents: StoreContents
    let verified = true
    let seconds: Double
  }

  package func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let (file, contents) = try Care.backUp(
      to: target, replacing: force, try Settings(store.options(output)))
    let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
    let report = Report(
      path: file.path, bytes: (attributes[.size] as? NSNumber)?.intValue ?? 0, contents: contents,
      seconds: (clock.now - start) / .seconds(1))
    try output.print(report) {
      "\(contents.text) written to \(file.path) (\(FolderSize.text(report.bytes)))."
    }
  }
}

/// `recollect restore`
package struct RestoreCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Make a backup the database of a data directory.",
    discussion: """
      The backup is looked through first. No server may work in the directory meanwhile; the index is \
      removed and made again. Exits with 3 when the backup is damaged; then nothing was changed.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: ArgumentHelp("A file that `recollect backup` wrote.", valueName: "backup"))
  var backup: String

  @Flag(help: "Replace the database that is there; what it holds is gone then.")
  var force = false

  package init() {}

  private struct Report: Encodable {
    let dataDirectory: String
    let contents: StoreContents
    let seconds: Double

    private enum CodingKeys: String, CodingKey {
      case dataDirectory = "data_directory"
      case contents, seconds
    }
  }

  package func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let settings = try Settings(store.options(output))
    let contents = try Care.restore(from: backup, replacing: force, settings)
    let report = Report(
      dataDirectory: settings.dataDirectory.path, contents: contents,
      seconds: (clock.now - start) / .seconds(1))
    try output.print(report) { "\(contents.text) restored into \(report.dataDirectory)." }
  }
}

extension StoreContents {
  fileprivate var text: String {
    "\(users) users, \(sessions) sessions, \(memories) memories and \(vectors) vectors"
  }
}
