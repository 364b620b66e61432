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
  /// In hits and lists only: the content was cut, how long it is, and where in it the shown part
  /// begins, unless that is the beginning.
  package var truncated: Bool?
  package var contentCharacters: Int?
  package var contentStart: Int?

  package init(
    id: MemoryID, user: UserID, session: SessionID? = nil, content: String,
    type: String = Memory.defaultType, metadata: [String: JSONValue] = [:], createdAt: Timestamp,
    updatedAt: Timestamp? = nil, occurredAt: Timestamp? = nil, accessCount: Int = 0,
    lastAccessedAt: Timestamp? = nil, importance: Double = Memory.defaultImportance,
    version: Int = 1, expiresAt: Timestamp? = nil, supersedes: MemoryID? = nil,
    supersededBy: MemoryID? = nil
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

  /// The memory with its content cut to so many characters, around a part of it when that is given.
  package func excerpt(_ length: Int, around span: TextSpan? = nil) -> Memory {
    // A scalar has at least one byte: short texts are not counted.
    guard content.utf8.count > length else { return self }
    let scalars = content.unicodeScalars
    let count = scalars.count
    guard count > length else { return self }
    let start = Self.start(of: length, around: span, in: count)
    let first = scalars.index(scalars.startIndex, offsetBy: start)
    let last = scalars.index(first, offsetBy: length)
    var short = self
    short.contentCharacters = count
    short.truncated = true
    short.contentStart = start == 0 ? nil : start
    short.content = String(scalars[first..<last])
    return short
  }

  /// Where an excerpt begins: at the beginning when the part lies in it, else so that the part stands
  /// in the middle, or at the front when it is longer than the excerpt.
  private static func start(of length: Int, around span: TextSpan?, in count: Int) -> Int {
    guard let span, span.end > length else { return 0 }
    let before = max(0, length - (span.end - span.start)) / 2
    return max(0, min(span.start - before, count - length))
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
    case contentCharacters = "content_chars"
    case contentStart = "content_start"
  }
}

extension Memory: JSONWritable {
  package func write(to writer: inout JSONTextWriter) throws {
    try writer.object { writer in
      writer.member("access_count", accessCount)
      writer.member("content", content)
      writer.member("content_chars", contentCharacters)
      writer.member("content_start", contentStart)
      writer.member("created_at", createdAt)
      writer.member("expires_at", expiresAt)
      try writer.member("importance", importance)
      writer.member("last_accessed_at", lastAccessedAt)
      writer.member("memory_id", id.description)
      writer.member("memory_type", type)
      try writer.member("metadata", metadata)
      writer.member("occurred_at", occurredAt)
      writer.member("session_id", session?.description)
      writer.member("superseded_by", supersededBy?.description)
      writer.member("supersedes", supersedes?.description)
      writer.member("truncated", truncated)
      writer.member("updated_at", updatedAt)
      writer.member("user_id", user.description)
      writer.member("version", version)
    }
  }
}
