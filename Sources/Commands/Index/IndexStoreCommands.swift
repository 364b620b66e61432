internal import App
package import ArgumentParser

extension IndexCommand {
  /// `recollect index rebuild`
  package struct Rebuild: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Build the index of a store again from its database.",
      discussion: """
        Never needed: an index that is missing, damaged or of another database is built again by \
        whoever searches. Exits with 3 when the new index does not equal the database.
        """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      let report = try store.withApplication(output) { try $0.rebuildIndex() }
      try report.print(output)
    }
  }

  /// `recollect index verify`
  package struct Verify: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Compare the index of a store with its database, row by row.",
      discussion: """
        Every byte of the index is checked, then user, session, time, vector and words of each row. Exits with \
        3 when they differ, and when the index was damaged; it is then built again before it is compared.
        """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func run() throws {
      let report = try store.withApplication(output) { try $0.verifyIndex() }
      try report.print(output)
    }
  }
}

extension Application.IndexReport {
  fileprivate func print(_ output: OutputOptions) throws {
    try output.print(self) {
      let found = damage.map { ["The index was damaged and is built again: \($0)"] } ?? []
      guard missing + different + surplus > 0 else {
        return
          (found + [
            "\(vectors) vectors and the words of \(memories) memories, each as in the database."
          ])
          .joined(separator: "\n")
      }
      let counts =
        "\(vectors) vectors and \(memories) memories in the database; of the index \(missing) are missing, \(different) are "
        + "different, \(surplus) are too many"
      return (found + [counts] + examples).joined(separator: "\n")
    }
    if !sound { throw ExitStatus.damaged }
  }
}
