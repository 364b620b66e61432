/// What an import did.
package struct ImportCounts: Hashable, Sendable, Codable {
  package var sessions = 0
  package var memories = 0
  package var merged = 0
  /// Records whose ids were there already.
  package var skipped = 0

  package init() {}
}
