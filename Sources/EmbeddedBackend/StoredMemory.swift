internal import GRDB
internal import Records
internal import Retrieval

/// A memory as a statement gives it that selects `Memory.columns`.
///
/// It is read as if it were one value: rows of GRDB look up the names of all their columns before the
/// first is read, which takes as long as reading some memories.
struct StoredMemory: DatabaseValueConvertible, StatementColumnConvertible {
  let key: MemoryKey
  /// Without its metadata.
  private let bare: Memory
  private let metadata: String

  init?(sqliteStatement statement: SQLiteStatement, index: CInt) {
    unsafe key = MemoryKey(rawValue: Int64(sqliteStatement: statement, index: 0))
    func text(_ column: CInt) -> String? {
      unsafe String.fromStatement(statement, atUncheckedIndex: column)
    }
    func number(_ column: CInt) -> Int64? {
      unsafe Int64.fromStatement(statement, atUncheckedIndex: column)
    }
    func time(_ column: CInt) -> Timestamp? {
      number(column).map { Timestamp(milliseconds: $0) }
    }
    guard let id = text(1), let user = text(2), let content = text(4), let type = text(5),
      let metadata = text(6), let created = time(7), let updated = time(8),
      let importance = unsafe Double.fromStatement(statement, atUncheckedIndex: 10),
      let accesses = number(11), let version = number(13)
    else { return nil }
    self.metadata = metadata
    bare = Memory(
      id: MemoryID(stored: id), user: UserID(stored: user),
      session: text(3).map(SessionID.init(stored:)), content: content, type: type,
      createdAt: created, updatedAt: updated, occurredAt: time(9), accessCount: Int(accesses),
      lastAccessedAt: time(12), importance: importance, version: Int(version),
      expiresAt: time(14), supersedes: text(15).map(MemoryID.init(stored:)),
      supersededBy: text(16).map(MemoryID.init(stored:)))
  }

  /// - Throws: when the metadata are not what was stored.
  func memory() throws -> Memory {
    // Most have none.
    if metadata == "{}" { return bare }
    var memory = bare
    memory.metadata = try JSON.members(from: metadata)
    return memory
  }

  // It is never given to a statement, nor found in a row.

  var databaseValue: DatabaseValue { .null }

  static func fromDatabaseValue(_ value: DatabaseValue) -> StoredMemory? { nil }
}
