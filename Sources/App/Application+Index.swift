internal import EmbeddedBackend

/// The index beside the database, as the command line sees it.
extension Application {
  /// How index and database compare.
  package struct IndexReport: Encodable, Sendable {
    package let vectors: Int
    package let memories: Int
    package let missing: Int
    package let different: Int
    package let surplus: Int
    package let examples: [String]
    /// Why it was built again before it was compared.
    package let damage: String?
    package let sound: Bool
  }

  /// Builds the index again from the database.
  package func rebuildIndex() throws -> IndexReport {
    try store.rebuildIndex()
    return try verifyIndex()
  }

  /// Compares index and database row by row.
  package func verifyIndex() throws -> IndexReport {
    let report = try store.verifyIndex()
    return IndexReport(
      vectors: report.vectors, memories: report.memories, missing: report.missing,
      different: report.different,
      surplus: report.surplus, examples: report.examples, damage: report.damage,
      sound: report.agrees && report.damage == nil)
  }

  /// Publishes what an import has stored.
  package func settleIndex() throws { try store.settleIndex() }
}
