internal import App
package import ArgumentParser
internal import Records

/// `recollect import`
package struct ImportCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Store sessions and memories from a file.",
    discussion: """
      One JSON object a line: {"kind":"session",…} or {"kind":"memory",…} with the fields that the \
      tools return; `-` reads standard input. Records that are there already are passed over, so an \
      import that was interrupted can be run again.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Argument(help: "The .jsonl file.")
  var file: String

  package init() {}

  private struct Report: Encodable {
    let sessions: Int
    let memories: Int
    let merged: Int
    let skipped: Int
    let seconds: Double
  }

  package func run() throws {
    let records = try JSONLines.read(file, as: Application.ImportRecord.self)
    let clock = ContinuousClock()
    let start = clock.now
    let bar = ProgressBar("import")
    let counts = try store.withApplication(output) { application in
      try application.importRecords(records) { bar.show($0, of: records.count, "records") }
    }
    let report = Report(
      sessions: counts.sessions, memories: counts.memories, merged: counts.merged,
      skipped: counts.skipped, seconds: (clock.now - start) / .seconds(1))
    try output.print(report) {
      "\(report.sessions) sessions and \(report.memories) memories stored, "
        + "\(report.merged) merged, \(report.skipped) passed over."
    }
  }
}
