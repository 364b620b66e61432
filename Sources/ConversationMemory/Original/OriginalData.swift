package import Records

/// What the files of the original Python service hold, as records of ours.
///
/// `sessions.json` is `{"sessions": {id: session}, "session_stats": {id: counts}, …}`, `memories.json`
/// is `{"memories": {user: [memory]}, …}`; where the service wrote an object another of its versions
/// wrote an array, so both are read. Its times name no zone and are taken as UTC. Ids that are no
/// UUIDs get one that follows from the record: importing again finds every record again.
package struct OriginalData: Sendable {
  /// The sessions, then the memories.
  package private(set) var records: [ImportedRecord] = []
  /// What breaks a rule of ours and is not among the records.
  package private(set) var refused: [ImportRefusal] = []
  /// What was left behind or became something else, in sentences for a person.
  package private(set) var notes: [String] = []

  /// Whether a document is one of the two files.
  package static func recognises(_ document: JSONValue) -> Bool {
    switch document {
    case .array(let elements): !elements.isEmpty && elements.allSatisfy(isRecord)
    case .object(let members):
      members["kind"] == nil
        && ["sessions", "memories"].contains { name in
          switch members[name] {
          case .object?: true
          case .array(let elements)?: elements.allSatisfy(isRecord)
          default: false
          }
        }
    default: false
    }
  }

  /// Converts documents together: what a memory says of its session is held against the sessions of
  /// all of them.
  package init(_ documents: [(name: String, value: JSONValue)]) {
    let entries = documents.map { OriginalEntries($0.value, file: $0.name) }
    refused = entries.flatMap(\.refused)
    var sessions = OriginalSessions()
    for entry in entries.flatMap(\.sessions) {
      attempt(entry.place) { .session(try sessions.session(entry)) }
    }
    var memories = OriginalMemories(owners: sessions.owners)
    for entry in entries.flatMap(\.memories) {
      attempt(entry.place) { .memory(try memories.memory(entry)) }
    }
    notes = memories.notes + entries.flatMap(\.notes)
  }

  private mutating func attempt(_ place: String, _ body: () throws -> ImportedRecord) {
    do {
      let record = try body()
      try record.check()
      records.append(record)
    } catch let error as ServiceError {
      refused.append(ImportRefusal(record: place, reason: error.message))
    } catch {
      refused.append(ImportRefusal(record: place, reason: "\(error)"))
    }
  }

  /// Whether an element of an array is a session or a memory of that service, and none of ours.
  private static func isRecord(_ value: JSONValue) -> Bool {
    guard let members = value.object, members["kind"] == nil else { return false }
    return members["memory"] != nil || members["id"] != nil && members["user_id"] != nil
  }
}

/// A record of the original as it stands in its file.
struct OriginalEntry {
  let place: String
  var members: [String: JSONValue]
  /// What the record was filed under: the id of a session, the user of a memory.
  let key: String?
  /// The counts that were kept of a session.
  var statistics: [String: JSONValue] = [:]

  /// Takes a member away; null counts as none.
  mutating func take(_ name: String) -> JSONValue? {
    let value = members.removeValue(forKey: name)
    return value == .null ? nil : value
  }
}

/// The records of one document, in a fixed order.
private struct OriginalEntries {
  private(set) var sessions: [OriginalEntry] = []
  private(set) var memories: [OriginalEntry] = []
  /// What stands where records should and is none.
  private(set) var refused: [ImportRefusal] = []
  private(set) var notes: [String] = []
  private let file: String

  init(_ document: JSONValue, file: String) {
    self.file = file
    guard let members = document.object else {
      for (number, element) in (document.array ?? []).enumerated() {
        let isMemory = element["memory"] != nil
        add(element, at: "[\(number)]", key: nil, isMemory: isMemory, statistics: nil)
      }
      return
    }
    let statistics = statistics(members["session_stats"])
    each(members["sessions"], "sessions") { entries, session, place, id in
      let id = id ?? session["id"]?.string
      entries.add(
        session, at: place, key: id, isMemory: false, statistics: id.flatMap { statistics[$0] })
    }
    each(members["memories"], "memories") { entries, value, place, user in
      guard let user else {
        return entries.add(value, at: place, key: nil, isMemory: true, statistics: nil)
      }
      entries.each(value, place) { entries, memory, place, _ in
        entries.add(memory, at: place, key: user, isMemory: true, statistics: nil)
      }
    }
    // Who owns a session, and when the file was written, the records say themselves.
    let known: Set = ["sessions", "memories", "session_stats", "user_sessions", "last_updated"]
    for name in members.keys.sorted() where !known.contains(name) {
      let isEmpty = members[name] == [:] || members[name] == [] || members[name] == .null
      if !isEmpty { notes.append("\(name) of \(file) was left behind: counts are made anew.") }
    }
  }

  /// The members of an object by name, or the elements of an array.
  private mutating func each(
    _ value: JSONValue?, _ place: String,
    _ body: (inout OriginalEntries, JSONValue, String, String?) -> Void
  ) {
    switch value {
    case nil, .null?: break
    case .object(let members)?:
      for (name, member) in members.sorted(by: { $0.key < $1.key }) {
        body(&self, member, "\(place).\(name)", name)
      }
    case .array(let elements)?:
      for (number, element) in elements.enumerated() {
        body(&self, element, "\(place)[\(number)]", nil)
      }
    default: refuse(place, "The value is neither an object nor an array.")
    }
  }

  /// The counts of each session, by its id.
  private mutating func statistics(_ value: JSONValue?) -> [String: JSONValue] {
    var statistics: [String: JSONValue] = [:]
    each(value, "session_stats") { entries, counts, place, session in
      if let session, counts == .null || counts.object != nil {
        statistics[session] = counts
      } else {
        entries.refuse(place, "The value is not the counts of a session.")
      }
    }
    return statistics
  }

  private mutating func refuse(_ place: String, _ reason: String) {
    refused.append(ImportRefusal(record: "\(file), \(place)", reason: reason))
  }

  private mutating func add(
    _ value: JSONValue, at place: String, key: String?, isMemory: Bool, statistics: JSONValue?
  ) {
    guard let members = value.object else { return refuse(place, "The value is not an object.") }
    var entry = OriginalEntry(place: "\(file), \(place)", members: members, key: key)
    entry.statistics = statistics?.object ?? [:]
    if isMemory { memories.append(entry) } else { sessions.append(entry) }
  }
}
