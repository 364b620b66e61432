/// One thing remembered.
package struct Memory: Hashable, Sendable, Codable {
  package var id: MemoryID
  package var user: UserID
  package var session: SessionID?
  package var content: String
  /// conversation, fact, preference, instruction, question, or a word of the caller's own.
  package var type: String
  package var metadata: [String: JSONValue]
  package var createdAt: Timestamp
  package var updatedAt: Timestamp
  /// When the thing happened, if not when it was stored.
  package var occurredAt: Timestamp?
  package var accessCount: Int
  package var lastAccessedAt: Timestamp?
  /// 0 to 1.
  package var importance: Double
  package var version: Int
  /// When it is forgotten by itself.
  package var expiresAt: Timestamp?
  /// The memory that this one took the place of.
  package var supersedes: MemoryID?
  /// The memory that took the place of this one, which is then no longer found by searching.
  package var supersededBy: MemoryID?
  /// How many characters the embedder saw; fewer than the content has when it is longer than the
  /// embedder's window, nil while there is no vector.
  package var embeddedCharacters: Int?
  /// In hits and lists only: the content was cut, and how long it is.
  package var truncated: Bool?
  package var contentCharacters: Int?

  package init(
    id: MemoryID, user: UserID, session: SessionID? = nil, content: String,
    type: String = Memory.defaultType, metadata: [String: JSONValue] = [:], createdAt: Timestamp,
    updatedAt: Timestamp? = nil, occurredAt: Timestamp? = nil, accessCount: Int = 0,
    lastAccessedAt: Timestamp? = nil, importance: Double = Memory.defaultImportance,
    version: Int = 1, embeddedCharacters: Int? = nil, expiresAt: Timestamp? = nil,
    supersedes: MemoryID? = nil, supersededBy: MemoryID? = nil
  ) {
    self.id = id
    self.user = user
    self.session = session
    self.content = content
    self.type = type
    self.metadata = metadata
    self.createdAt = createdAt
    self.updatedAt = updatedAt ?? createdAt
    self.occurredAt = occurredAt
    self.accessCount = accessCount
    self.lastAccessedAt = lastAccessedAt
    self.importance = importance
    self.version = version
    self.embeddedCharacters = embeddedCharacters
    self.expiresAt = expiresAt
    self.supersedes = supersedes
    self.supersededBy = supersededBy
  }

  package static let defaultType = "conversation"
  package static let defaultImportance = 0.5

  /// When it happened, as far as is known.
  package var time: Timestamp { occurredAt ?? createdAt }

  /// Whether this was made by answering a question, not said by anybody.
  package var isGenerated: Bool { metadata["generated"] == .bool(true) }

  /// The memory with its content cut to so many characters.
  package func excerpt(_ characters: Int) -> Memory {
    guard
      let end = content.index(
        content.startIndex, offsetBy: characters, limitedBy: content.endIndex),
      end < content.endIndex
    else { return self }
    var short = self
    short.contentCharacters = content.count
    short.truncated = true
    short.content = String(content[..<end])
    return short
  }

  private enum CodingKeys: String, CodingKey {
    case id = "memory_id"
    case user = "user_id"
    case session = "session_id"
    case content, metadata, importance, version, truncated, supersedes
    case expiresAt = "expires_at"
    case supersededBy = "superseded_by"
    case type = "memory_type"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case occurredAt = "occurred_at"
    case accessCount = "access_count"
    case lastAccessedAt = "last_accessed_at"
    case embeddedCharacters = "embedded_chars"
    case contentCharacters = "content_chars"
  }
}
