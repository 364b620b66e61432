internal import Foundation
internal import GRDB
internal import Records

/// The tables, and how an older database becomes one of today's.
///
/// Everything that could diverge is kept in step inside the transaction that causes it: the number of
/// memories of a session, the lifetime totals, which memories lack a vector, and the change sequence that
/// the index follows. Triggers do that for what is changed and deleted; for what is added, `Transaction`
/// does, because a statement with triggers keeps a copy of each page it touches, which takes as long as all
/// the rest of it. Touches (`access_count`, `last_accessed_at`) never enter the change sequence.
enum Schema {
  static let version = 3
  /// "RCLT", so that other programs can tell whose file this is.
  static let applicationID = 0x5243_4C54
  static let pageBytes = 8192

  /// Looks at a file that is there already, without changing anything in it.
  static func checkExisting(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(30)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.read { db in _ = try version(of: db, path: path) }
    try queue.close()
  }

  /// Makes today's tables, from those of any earlier version or from none.
  static func migrate(_ db: Database, path: String) throws {
    let found = try version(of: db, path: path)
    guard found < version else { return }
    for step in [first, second, third].dropFirst(found) { try db.execute(sql: step) }
    try db.execute(sql: "PRAGMA application_id = \(applicationID)")
    try db.execute(sql: "PRAGMA user_version = \(version)")
  }

  /// Makes sure that no newer program has changed the tables since the database was opened.
  ///
  /// - Throws: `unavailable`, which says what to do.
  static func checkUnchanged(_ db: Database) throws {
    let statement = try db.cachedStatement(sql: "PRAGMA user_version")
    guard try Int.fetchOne(statement) != version else { return }
    throw ServiceError(
      .unavailable,
      "A newer version of this program has changed the database meanwhile: restart this one.")
  }

  /// The version of the tables; 0 for an empty database.
  static func version(of db: Database, path: String) throws -> Int {
    let owner = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
    guard owner == applicationID || (owner == 0 && tables == 0) else {
      throw StorageError(.damaged, "\(path) is a database of another program.")
    }
    guard found <= version else {
      throw StorageError(
        .newerVersion,
        "\(path) has schema version \(found); this program knows \(version). "
          + "Use the newer recollect that wrote it.")
    }
    return found
  }

  private static let first = """
    CREATE TABLE users (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE sessions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      session_id TEXT NOT NULL UNIQUE,
      user INTEGER NOT NULL REFERENCES users(id),
      name TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      last_activity INTEGER NOT NULL,
      expired_at INTEGER,
      interaction_count INTEGER NOT NULL DEFAULT 0,
      memory_count INTEGER NOT NULL DEFAULT 0,
      metadata TEXT NOT NULL DEFAULT '{}',
      continues TEXT
    ) STRICT;
    CREATE INDEX sessions_by_expiry ON sessions(expired_at) WHERE expired_at IS NOT NULL;
    CREATE INDEX sessions_by_activity ON sessions(user, last_activity, session_id);

    CREATE TABLE memories (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      memory_id TEXT NOT NULL UNIQUE,
      user INTEGER NOT NULL REFERENCES users(id),
      session_id TEXT,
      content TEXT NOT NULL,
      text_hash INTEGER NOT NULL,
      memory_type TEXT NOT NULL,
      metadata TEXT NOT NULL DEFAULT '{}',
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL,
      occurred_at INTEGER,
      importance REAL NOT NULL,
      access_count INTEGER NOT NULL DEFAULT 0,
      last_accessed_at INTEGER,
      version INTEGER NOT NULL DEFAULT 1,
      has_vector INTEGER NOT NULL DEFAULT 0,
      expires_at INTEGER,
      supersedes TEXT,
      superseded_by TEXT
    ) STRICT;
    CREATE INDEX memories_by_expiry ON memories(expires_at) WHERE expires_at IS NOT NULL;
    CREATE INDEX memories_by_successor ON memories(superseded_by) WHERE superseded_by IS NOT NULL;
    CREATE INDEX memories_without_vector ON memories(id) WHERE has_vector = 0;
    CREATE INDEX memories_by_time ON memories(user, created_at, memory_id);
    CREATE INDEX memories_by_session ON memories(session_id, created_at, memory_id);
    CREATE INDEX memories_by_text ON memories(user, text_hash);

    CREATE TABLE memory_versions (
      memory INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
      version INTEGER NOT NULL,
      content TEXT NOT NULL,
      memory_type TEXT NOT NULL,
      metadata TEXT NOT NULL,
      occurred_at INTEGER,
      importance REAL NOT NULL,
      replaced_at INTEGER NOT NULL,
      PRIMARY KEY (memory, version)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE embeddings (
      memory INTEGER PRIMARY KEY REFERENCES memories(id) ON DELETE CASCADE,
      embedded_chars INTEGER NOT NULL,
      vector BLOB NOT NULL
    ) STRICT;

    CREATE TABLE changes (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      memory INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE settings (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE lifetime (
      name TEXT PRIMARY KEY,
      total INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO lifetime VALUES ('sessions', 0), ('interactions', 0), ('memories', 0);

    CREATE TRIGGER session_added AFTER INSERT ON sessions BEGIN
      UPDATE lifetime SET total = total + 1 WHERE name = 'sessions';
      UPDATE lifetime SET total = total + NEW.interaction_count WHERE name = 'interactions';
      UPDATE sessions SET memory_count =
        (SELECT count(*) FROM memories WHERE session_id = NEW.session_id AND user = NEW.user)
        WHERE id = NEW.id;
    END;
    CREATE TRIGGER session_counted AFTER UPDATE OF interaction_count ON sessions
      WHEN NEW.interaction_count > OLD.interaction_count BEGIN
      UPDATE lifetime SET total = total + NEW.interaction_count - OLD.interaction_count
        WHERE name = 'interactions';
    END;

    CREATE TRIGGER memory_added AFTER INSERT ON memories BEGIN
      UPDATE sessions SET memory_count = memory_count + 1
        WHERE session_id = NEW.session_id AND user = NEW.user;
      UPDATE lifetime SET total = total + 1 WHERE name = 'memories';
      INSERT INTO changes(memory) VALUES (NEW.id);
    END;
    CREATE TRIGGER memory_deleted AFTER DELETE ON memories BEGIN
      UPDATE sessions SET memory_count = memory_count - 1
        WHERE session_id = OLD.session_id AND user = OLD.user;
      UPDATE memories SET superseded_by = NULL
        WHERE superseded_by = OLD.memory_id AND user = OLD.user;
      INSERT INTO changes(memory) VALUES (OLD.id);
    END;
    CREATE TRIGGER memory_changed
      AFTER UPDATE OF content, session_id, user, occurred_at, superseded_by ON memories BEGIN
      INSERT INTO changes(memory) VALUES (NEW.id);
    END;
    CREATE TRIGGER embedding_added AFTER INSERT ON embeddings BEGIN
      UPDATE memories SET has_vector = 1 WHERE id = NEW.memory;
      INSERT INTO changes(memory) VALUES (NEW.memory);
    END;
    CREATE TRIGGER embedding_deleted AFTER DELETE ON embeddings BEGIN
      UPDATE memories SET has_vector = 0 WHERE id = OLD.memory;
      INSERT INTO changes(memory) VALUES (OLD.memory);
    END;
    """

  /// A vector for each passage of a memory (the key is that of `PassageRow`) instead of one for its
  /// beginning. Vectors of a beginning only are dropped; they are made again as whole ones.
  private static let second = """
    DROP TRIGGER embedding_added;
    DROP TRIGGER embedding_deleted;
    ALTER TABLE embeddings RENAME TO first_embeddings;

    CREATE TABLE embeddings (
      id INTEGER PRIMARY KEY,
      memory INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
      span_start INTEGER NOT NULL,
      span_end INTEGER NOT NULL,
      vector BLOB NOT NULL
    ) STRICT;
    CREATE INDEX embeddings_by_memory ON embeddings(memory);

    INSERT INTO embeddings
      SELECT memory, memory, 0, length(content), vector
      FROM first_embeddings JOIN memories ON memories.id = first_embeddings.memory
      WHERE embedded_chars >= length(content);
    INSERT INTO changes(memory)
      SELECT memory FROM first_embeddings WHERE memory NOT IN (SELECT memory FROM embeddings);
    UPDATE memories SET has_vector = 0
      WHERE has_vector = 1 AND id NOT IN (SELECT memory FROM embeddings);
    DROP TABLE first_embeddings;

    CREATE TRIGGER embedding_added AFTER INSERT ON embeddings WHEN NEW.id = NEW.memory BEGIN
      UPDATE memories SET has_vector = 1 WHERE id = NEW.memory;
      INSERT INTO changes(memory) VALUES (NEW.memory);
    END;
    CREATE TRIGGER embedding_deleted AFTER DELETE ON embeddings WHEN OLD.id = OLD.memory BEGIN
      UPDATE memories SET has_vector = 0 WHERE id = OLD.memory;
      INSERT INTO changes(memory) VALUES (OLD.memory);
    END;
    """

  /// What is added is counted and noted by `Transaction`.
  private static let third = """
    DROP TRIGGER memory_added;
    DROP TRIGGER embedding_added;
    """
}
