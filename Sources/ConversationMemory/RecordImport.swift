package import Records
internal import Retrieval

/// One line of an import: a session or a memory, with the names of `Session` and `Memory`.
///
/// A record that brings its id keeps it, and is passed over when the id is there already; a memory
/// without one is stored as `add` would, merging equal texts.
package enum ImportedRecord: Sendable, Decodable {
  case session(ImportedSession)
  case memory(ImportedMemory)

  private enum CodingKeys: String, CodingKey { case kind }

  private enum Kind: String, Decodable {
    case session
    case memory
  }

  package init(from decoder: any Decoder) throws {
    switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
    case .session: self = .session(try ImportedSession(from: decoder))
    case .memory: self = .memory(try ImportedMemory(from: decoder))
    }
  }

  /// Looks whether the record obeys the rules that hold without looking at others.
  ///
  /// - Throws: `invalid_argument`.
  package func check() throws {
    let now = Timestamp.now()
    switch self {
    case .session(let session): _ = try session.record(at: now)
    case .memory(let memory): _ = try memory.record(at: now)
    }
  }
}

/// A session that is imported.
package struct ImportedSession: Sendable, Decodable {
  package let id: SessionID?
  package let user: UserID
  let name: String?
  let createdAt: Timestamp?
  let lastActivity: Timestamp?
  let expiredAt: Timestamp?
  let interactionCount: Int?
  let metadata: [String: JSONValue]?
  let continues: SessionID?

  private enum CodingKeys: String, CodingKey {
    case id = "session_id"
    case user = "user_id"
    case name, metadata, continues
    case createdAt = "created_at"
    case lastActivity = "last_activity"
    case expiredAt = "expired_at"
    case interactionCount = "interaction_count"
  }

  /// A session as a converter of other data makes it; the rest is as in a line without more fields.
  package init(
    id: SessionID, user: UserID, name: String?, createdAt: Timestamp?,
    lastActivity: Timestamp? = nil, expiredAt: Timestamp? = nil, interactionCount: Int? = nil,
    metadata: [String: JSONValue]? = nil
  ) {
    self.id = id
    self.user = user
    self.name = name
    self.createdAt = createdAt
    self.lastActivity = lastActivity
    self.expiredAt = expiredAt
    self.interactionCount = interactionCount
    self.metadata = metadata
    continues = nil
  }

  func record(at now: Timestamp) throws -> SessionRecord {
    let createdAt = createdAt ?? now
    try Validation.metadata(metadata ?? [:])
    return SessionRecord(
      id: id ?? .make(), user: user,
      name: try name.map { try Validation.name($0, field: "name") } ?? "Imported session",
      createdAt: createdAt, lastActivity: max(createdAt, lastActivity ?? createdAt),
      expiredAt: expiredAt,
      interactionCount: try Validation.count(interactionCount ?? 0, field: "interaction_count"),
      metadata: metadata ?? [:], continues: continues)
  }
}

/// A memory that is imported.
package struct ImportedMemory: Sendable, Decodable {
  package let id: MemoryID?
  package let user: UserID
  package let session: SessionID?
  package let content: String
  package let type: String?
  package let metadata: [String: JSONValue]?
  package let createdAt: Timestamp?
  let updatedAt: Timestamp?
  package let occurredAt: Timestamp?
  let importance: Double?
  let accessCount: Int?
  let lastAccessedAt: Timestamp?
  let version: Int?
  let expiresAt: Timestamp?
  let supersedes: MemoryID?
  let supersededBy: MemoryID?
  let history: [MemoryVersion]?

  private enum CodingKeys: String, CodingKey {
    case id = "memory_id"
    case user = "user_id"
    case session = "session_id"
    case content, metadata, importance, version, supersedes, history
    case expiresAt = "expires_at"
    case supersededBy = "superseded_by"
    case type = "memory_type"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
    case occurredAt = "occurred_at"
    case accessCount = "access_count"
    case lastAccessedAt = "last_accessed_at"
  }

  /// A memory as a converter of other data makes it; the rest is as in a line without more fields.
  package init(
    id: MemoryID, user: UserID, session: SessionID?, content: String, createdAt: Timestamp?,
    occurredAt: Timestamp? = nil, type: String? = nil, metadata: [String: JSONValue]? = nil
  ) {
    self.id = id
    self.user = user
    self.session = session
    self.content = content
    self.createdAt = createdAt
    self.occurredAt = occurredAt
    self.type = type
    self.metadata = metadata
    (updatedAt, importance) = (nil, nil)
    (accessCount, lastAccessedAt, version) = (nil, nil, nil)
    (expiresAt, supersedes, supersededBy, history) = (nil, nil, nil, nil)
  }

  func record(at now: Timestamp) throws -> Memory {
    let draft = try MemoryService.Draft(
      content: content, type: type ?? Memory.defaultType, metadata: metadata ?? [:],
      occurredAt: occurredAt, importance: importance ?? Memory.defaultImportance
    ).validated()
    return Memory(
      id: id ?? .make(), user: user, session: session, content: draft.content, type: draft.type,
      metadata: draft.metadata, createdAt: createdAt ?? now,
      updatedAt: updatedAt, occurredAt: draft.occurredAt,
      accessCount: try Validation.count(accessCount ?? 0, field: "access_count"),
      lastAccessedAt: lastAccessedAt,
      importance: draft.importance,
      version: max(1, try Validation.count(version ?? 1, field: "version")),
      expiresAt: expiresAt, supersedes: supersedes, supersededBy: supersededBy)
  }
}

extension MemoryService {
  /// How many records go into one transaction.
  package static let importBatch = 256

  /// Stores records of any users, in one transaction for each `importBatch` of them: when this
  /// throws, the batches before stay, and importing the same records again goes on from there.
  ///
  /// - Parameter progress: told how many records are done.
  /// - Throws: `forbidden` for a caller bound to another user, `invalid_argument`, `not_found` for a
  ///   memory whose session is another user's.
  package func importRecords(
    _ records: [ImportedRecord], caller: Caller, progress: (Int) -> Void = { _ in }
  ) throws -> ImportCounts {
    var counts = ImportCounts()
    for start in stride(from: 0, to: records.count, by: Self.importBatch) {
      let batch = records[start..<min(start + Self.importBatch, records.count)]
      try importBatch(batch, caller, &counts)
      progress(start + batch.count)
    }
    return counts
  }

  private func importBatch(
    _ batch: ArraySlice<ImportedRecord>, _ caller: Caller, _ counts: inout ImportCounts
  ) throws {
    let now = clock()
    var memories = try batch.compactMap { record in
      if case .memory(let memory) = record {
        Prepared(
          memory: try memory.record(at: now), keepsID: memory.id != nil,
          history: memory.history ?? [])
      } else {
        nil
      }
    }
    // What is there already needs no vector.
    let vectors = try vectors(of: memories, caller)
    counts = try backend.write { writer in
      var counts = counts
      for made in vectors.values { try made.adopt(in: writer) }
      memories.reverse()
      for record in batch {
        switch record {
        case .session(let session):
          try add(try session.record(at: now), caller, &counts, writer)
        case .memory:
          guard let memory = memories.popLast() else { continue }
          let vector = vectors[memory.memory.user]?[memory.memory.content]
          try add(memory, vector, caller, &counts, writer)
        }
      }
      return counts
    }
  }

  /// The vectors of what is not there already, for each user.
  private func vectors(
    of memories: [Prepared], _ caller: Caller
  ) throws -> [UserID: ContentVectors] {
    var vectors: [UserID: ContentVectors] = [:]
    var missing: [UserID: [String]] = [:]
    try backend.read { reader in
      let fresh = try memories.filter { try !$0.keepsID || reader.owner(of: $0.memory.id) == nil }
      missing = Dictionary(grouping: fresh.map(\.memory), by: \.user).mapValues {
        $0.map(\.content)
      }
      for (user, contents) in missing {
        let scope = try Authority.scope(of: user, for: caller)
        vectors[user] = ContentVectors(known: try reader.embeddings(of: contents, in: scope))
      }
    }
    for (user, contents) in missing {
      try embedding.add(contents, to: &vectors[user, default: ContentVectors()])
    }
    return vectors
  }

  private func add(
    _ session: SessionRecord, _ caller: Caller, _ counts: inout ImportCounts,
    _ writer: any MemoryWriter
  ) throws {
    _ = try Authority.scope(of: session.user, for: caller)
    guard try writer.owner(of: session.id) == nil else {
      counts.skipped += 1
      return
    }
    try writer.insert(session)
    counts.sessions += 1
  }

  /// A memory of an import, checked.
  private struct Prepared {
    let memory: Memory
    let keepsID: Bool
    let history: [MemoryVersion]
  }

  private func add(
    _ prepared: Prepared, _ vector: StoredEmbedding?, _ caller: Caller,
    _ counts: inout ImportCounts, _ writer: any MemoryWriter
  ) throws {
    let memory = prepared.memory
    // A session that is no more (purged, or deleted without its memories) stays the origin of what
    // was said in it; one that is there must be the same user's.
    let session = try memory.session.flatMap { try writer.owner(of: $0) == nil ? nil : $0 }
    let scope = try Self.naming(memory) {
      try Self.scope(caller, memory.user, session, rules, writer)
    }
    if prepared.keepsID {
      guard try writer.owner(of: memory.id) == nil else {
        counts.skipped += 1
        return
      }
    } else if var equal = try writer.memory(
      equalTo: memory.content, type: memory.type, occurredAt: memory.occurredAt, in: scope)?.memory
    {
      equal.metadata.merge(memory.metadata) { _, new in new }
      try Validation.metadata(equal.metadata)
      try writer.updateMetadata(of: equal)
      counts.merged += 1
      return
    }
    try writer.insert(memory, vector)
    try writer.insert(prepared.history, of: memory.id, in: scope)
    counts.memories += 1
  }

  /// Says which memory of an import an error is about.
  private static func naming<R>(_ memory: Memory, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as ServiceError {
      throw ServiceError(
        error.code, "The memory \(memory.id) of \(memory.user): \(error.message)",
        field: error.field)
    }
  }
}
