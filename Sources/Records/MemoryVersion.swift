/// An earlier version of a memory.
package struct MemoryVersion: Hashable, Sendable, Codable {
  package let version: Int
  package let content: String
  package let type: String
  package let metadata: [String: JSONValue]
  package let occurredAt: Timestamp?
  package let importance: Double
  /// When the next version took its place.
  package let replacedAt: Timestamp

  package init(
    version: Int, content: String, type: String, metadata: [String: JSONValue],
    occurredAt: Timestamp?, importance: Double, replacedAt: Timestamp
  ) {
    self.version = version
    self.content = content
    self.type = type
    self.metadata = metadata
    self.occurredAt = occurredAt
    self.importance = importance
    self.replacedAt = replacedAt
  }

  private enum CodingKeys: String, CodingKey {
    case version, content, metadata, importance
    case type = "memory_type"
    case occurredAt = "occurred_at"
    case replacedAt = "replaced_at"
  }
}

/// How much a scope holds.
package struct MemoryStatistics: Hashable, Sendable {
  /// A session, or a day, and how many memories belong to it.
  package struct Share: Hashable, Sendable {
    package let name: String
    package let count: Int

    package init(name: String, count: Int) {
      self.name = name
      self.count = count
    }
  }

  package var total = 0
  package var byType: [String: Int] = [:]
  /// By session, most first; memories without one are not listed.
  package var bySession: [Share] = []
  /// By the day on which they happened (UTC), ascending.
  package var byDay: [Share] = []
  /// Bytes of contents.
  package var bytes = 0

  package init() {}
}
