internal import Records

/// Turns memories of the original into ours.
struct OriginalMemories {
  /// Whose the sessions are that came with the memories.
  private let owners: [SessionID: UserID]
  /// Which memory has which of the ids that were given out.
  private var holders: [MemoryID: String] = [:]
  private var vectors = 0
  private var strangers = 0

  init(owners: [SessionID: UserID]) { self.owners = owners }

  /// What was left behind or became something else.
  var notes: [String] {
    var notes: [String] = []
    if vectors > 0 { notes.append("Vectors left behind, to be made anew: \(vectors).") }
    if strangers > 0 {
      notes.append(
        "Memories that named another user's session: \(strangers). They are their user's, without a "
          + "session; its id is in metadata.original.session_id.")
    }
    return notes
  }

  /// - Throws: `ServiceError` saying which rule of ours the memory breaks.
  mutating func memory(_ entry: OriginalEntry) throws -> ImportedMemory {
    var entry = entry
    let owner = entry.key.map { JSONValue.string($0) }
    // Filed under a user it was that user's, whatever it says itself.
    let user = try OriginalValue.user(owner ?? entry.members["user_id"])
    if owner == nil || owner == entry.members["user_id"] { _ = entry.take("user_id") }
    guard let content = try OriginalValue.text(entry.take("memory"), "memory") else {
      throw ServiceError.invalid("memory", "is missing")
    }
    let createdAt = try OriginalValue.time(entry.take("created_at"), "created_at")
    let name = try OriginalValue.text(entry.take("id"), "id")
    let sessionName = try OriginalValue.text(entry.take("session_id"), "session_id")
    let id = try memoryID(
      name, [name, user.description, content, sessionName, createdAt?.description])
    var metadata = OriginalMetadata(try OriginalValue.object(entry.take("metadata"), "metadata"))
    if let name, id.description != name { metadata.note("id", .string(name)) }
    let type = try type(entry.take("memory_type"), &metadata)
    let session = session(sessionName, user, &metadata)
    if entry.take("embedding") != nil { vectors += 1 }
    metadata.note(rest: entry.members)
    return ImportedMemory(
      id: id, user: user, session: session, content: content, createdAt: createdAt, type: type,
      metadata: try metadata.members)
  }

  /// The id that a memory becomes: its name where that is a UUID which no other memory has, else
  /// what follows from its marks alone, so that it is the same whatever is imported beside it.
  ///
  /// The original named memories by the clock: two users, or two memories of one moment, may share
  /// a name.
  ///
  /// - Parameter marks: what tells the memory from others.
  private mutating func memoryID(_ name: String?, _ marks: [String?]) throws -> MemoryID {
    let path = "original/memory/\(try JSON.text(marks))"
    let derived = MemoryID(stored: DerivedUUID.of(path))
    guard let id = name.flatMap({ try? MemoryID($0) }), holders[id, default: path] == path else {
      return derived
    }
    holders[id] = path
    return id
  }

  /// A version of the service stored the metadata in the place of the type, with the type in it.
  private func type(_ value: JSONValue?, _ metadata: inout OriginalMetadata) throws -> String? {
    guard let members = value?.object else {
      let type = try OriginalValue.text(value, "memory_type")
      return type?.trimmed.isEmpty == true ? nil : type
    }
    metadata.merge(members.filter { $0.key != "memory_type" })
    return try OriginalValue.text(members["memory_type"], "memory_type")
  }

  private mutating func session(
    _ name: String?, _ user: UserID, _ metadata: inout OriginalMetadata
  ) -> SessionID? {
    guard let name, !name.trimmed.isEmpty else { return nil }
    let id = OriginalValue.sessionID(name)
    guard let owner = owners[id], owner != user else { return id }
    strangers += 1
    metadata.note("session_id", .string(name))
    return nil
  }
}
