internal import App
package import ArgumentParser
internal import Records

/// `recollect import`
package struct ImportCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Store sessions and memories from files.",
    discussion: """
      One JSON object a line: {"kind":"session",…} or {"kind":"memory",…} with the fields that the \
      tools return; `-` reads standard input. Records that are there already are passed over, so an \
      import that was interrupted can be run again.

      sessions.json and memories.json of the original Python service are read too, best both at \
      once; they are told by what is in them. Ids that are no UUIDs get one that follows from them, \
      times without a zone are UTC, vectors are made anew, and what has no place of its own here is \
      kept in the metadata under "original".
      """)

  @Argument(help: ArgumentHelp("The .jsonl or .json files.", valueName: "file"))
  var files: [String]

  @Flag(help: "Store the rest when some records break a rule; without this nothing is stored then.")
  var skipInvalid = false

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  package init() {}

  private struct Report: Encodable {
    let sessions: Int
    let memories: Int
    let merged: Int
    let skipped: Int
    let refused: [ImportRefusal]
    let notes: [String]
    let seconds: Double

    var text: String {
      let counts =
        "\(sessions) sessions and \(memories) memories stored, "
        + "\(merged) merged, \(skipped) passed over."
      let refusals = refused.map { "Refused \($0.record): \($0.reason)" }
      return ([counts] + notes + refusals).joined(separator: "\n")
    }
  }

  package func run() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let read = try ImportFiles(files)
    guard read.refused.isEmpty || skipInvalid else { throw Self.error(read.refused) }
    let bar = ProgressBar("import")
    let counts = try store.withApplication(output) { application in
      try application.importRecords(read.records) {
        bar.show($0, of: read.records.count, "records")
      }
    }
    let report = Report(
      sessions: counts.sessions, memories: counts.memories, merged: counts.merged,
      skipped: counts.skipped, refused: read.refused, notes: read.notes,
      seconds: (clock.now - start) / .seconds(1))
    try output.print(report) { report.text }
  }

  /// So many refusals are told one by one.
  private static let toldRefusals = 10

  private static func error(_ refused: [ImportRefusal]) -> InputError {
    let told = refused.prefix(toldRefusals).map { "\($0.record): \($0.reason)" }
    let more = refused.count - told.count
    let rest = more > 0 ? ["and \(more) more"] : []
    return InputError(
      .wrongUse,
      (told + rest + ["Nothing was stored; --skip-invalid stores the rest."])
        .joined(separator: "\n"))
  }
}
