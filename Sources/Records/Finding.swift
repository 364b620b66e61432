/// One thing that was looked at in a store, and how it is.
package struct Finding: Hashable, Sendable, Codable {
  /// How it is, from well to worst.
  package enum Status: String, Sendable, Codable, CaseIterable {
    case ok
    /// It works, and somebody should see to it.
    case warning
    /// A setting makes no sense.
    case wrong
    /// It cannot be reached, or is not there.
    case missing
    case damaged
  }

  package let name: String
  package let status: Status
  package let detail: String
  /// What to do about it.
  package let advice: String?

  package init(_ name: String, _ status: Status, _ detail: String, advice: String? = nil) {
    self.name = name
    self.status = status
    self.detail = detail
    self.advice = advice
  }
}

extension Finding.Status: Comparable {
  package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// How much a database holds.
package struct StoreContents: Hashable, Sendable, Codable {
  package let users: Int
  package let sessions: Int
  package let memories: Int
  /// Vectors of passages.
  package let vectors: Int
  package let schemaVersion: Int

  package init(users: Int, sessions: Int, memories: Int, vectors: Int, schemaVersion: Int) {
    self.users = users
    self.sessions = sessions
    self.memories = memories
    self.vectors = vectors
    self.schemaVersion = schemaVersion
  }

  private enum CodingKeys: String, CodingKey {
    case users, sessions, memories, vectors
    case schemaVersion = "schema_version"
  }
}
