package import ConversationMemory
internal import Logging
package import Records

/// What an import asks of the services.
extension Application {
  /// A record of an import file.
  package typealias ImportRecord = ImportedRecord

  /// So many imported memories are worth an index that is up to date for the next process.
  private static let memoriesBeforeSettling = 1000

  /// Stores records of any users, as whoever owns the data directory.
  package func importRecords(
    _ records: [ImportRecord], progress: (Int) -> Void
  ) throws -> ImportCounts {
    let counts = try memories.importRecords(
      records, caller: .unbound(default: nil), progress: progress)
    if counts.memories >= Self.memoriesBeforeSettling {
      do {
        try settleIndex()
      } catch {
        // The records are stored; whoever searches makes the index from them.
        logger.warning("the index is not up to date yet: \(error)")
      }
    }
    return counts
  }

  /// Looks whether a record obeys the rules that hold without looking at others.
  package static func check(_ record: ImportRecord) throws { try record.check() }

  /// Whether a document is a file of the original Python service.
  package static func isOriginal(_ document: JSONValue) -> Bool {
    OriginalData.recognises(document)
  }

  /// The records of files of the original Python service, what of them cannot be stored, and what
  /// was left behind or became something else, in sentences for a person.
  package static func originalRecords(
    _ documents: [(name: String, value: JSONValue)]
  ) -> (records: [ImportRecord], refused: [ImportRefusal], notes: [String]) {
    let data = OriginalData(documents)
    return (data.records, data.refused, data.notes)
  }
}
