/// What an import did.
package struct ImportCounts: Hashable, Sendable, Codable {
  package var sessions = 0
  package var memories = 0
  package var merged = 0
  /// Records whose ids were there already.
  package var skipped = 0

  package init() {}
}

/// A record of an import that cannot be stored.
package struct ImportRefusal: Hashable, Sendable, Codable {
  /// Where it stands: the file, and the place in it.
  package let record: String
  package let reason: String

  package init(record: String, reason: String) {
    self.record = record
    self.reason = reason
  }
}
