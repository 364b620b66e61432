internal import App
package import ArgumentParser
internal import Foundation
internal import Records

/// `recollect export`
package struct ExportCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write sessions and memories to a file.",
    discussion: """
      One JSON object a line, as `recollect import` reads it: imported into an empty directory and \
      exported again it is the same file. Without --output the lines go to standard output.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Option(help: "Only this user; without it everybody.")
  var user: String?

  @Option(name: .customLong("output"), help: "The .jsonl file to write.")
  var file: String?

  package init() {}

  package func validate() throws {
    if output.json && file == nil {
      throw ValidationError("With --json the records need a file of their own: use --output.")
    }
  }

  private struct Report: Encodable {
    var records = 0
    let seconds: Double
  }

  package func run() throws {
    let user = try user.map { try UserID($0) }
    let clock = ContinuousClock()
    let start = clock.now
    let target = try file.map { try Self.create($0) }
    var records = 0
    try store.withApplication(output) { application in
      try application.exportRecords(of: user) { line in
        do {
          try (target?.handle ?? .standardOutput).write(contentsOf: line + [0x0A])
        } catch {
          throw InputError(
            .unavailable, "The records cannot be written: \(error.localizedDescription)")
        }
        records += 1
      }
    }
    try target?.finish()
    guard file != nil else { return }
    let report = Report(records: records, seconds: (clock.now - start) / .seconds(1))
    try output.print(report) { "\(records) records written to \(file ?? "")." }
  }

  /// A file that has its name only once it is complete.
  private struct Target {
    let handle: FileHandle
    let temporary: String
    let path: String

    func finish() throws {
      try handle.synchronize()
      try handle.close()
      guard unsafe rename(temporary, path) == 0 else {
        throw InputError(.unavailable, "\(path) cannot be written.")
      }
    }
  }

  private static func create(_ path: String) throws -> Target {
    let temporary = path + ".new"
    guard FileManager.default.createFile(atPath: temporary, contents: nil),
      let handle = FileHandle(forWritingAtPath: temporary)
    else { throw InputError(.unavailable, "\(path) cannot be written.") }
    return Target(handle: handle, temporary: temporary, path: path)
  }
}
