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
CREATE TABLE embeddings (
  id INTEGER PRIMARY KEY,
  memory INTEGER NOT NULL REFERENCES memories(id) ON DELETE CASCADE,
  span_start INTEGER NOT NULL,
  span_end INTEGER NOT NULL,
  vector BLOB NOT NULL
) STRICT;
CREATE INDEX sessions_by_expiry ON sessions(expired_at) WHERE expired_at IS NOT NULL;
CREATE INDEX sessions_by_activity ON sessions(user, last_activity, session_id);
CREATE INDEX memories_by_expiry ON memories(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX memories_by_successor ON memories(superseded_by) WHERE superseded_by IS NOT NULL;
CREATE INDEX memories_without_vector ON memories(id) WHERE has_vector = 0;
CREATE INDEX memories_by_time ON memories(user, created_at, memory_id);
CREATE INDEX memories_by_session ON memories(session_id, created_at, memory_id);
CREATE INDEX memories_by_text ON memories(user, text_hash);
CREATE INDEX embeddings_by_memory ON embeddings(memory);
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
CREATE TRIGGER embedding_added AFTER INSERT ON embeddings WHEN NEW.id = NEW.memory BEGIN
  UPDATE memories SET has_vector = 1 WHERE id = NEW.memory;
  INSERT INTO changes(memory) VALUES (NEW.memory);
END;
CREATE TRIGGER embedding_deleted AFTER DELETE ON embeddings WHEN OLD.id = OLD.memory BEGIN
  UPDATE memories SET has_vector = 0 WHERE id = OLD.memory;
  INSERT INTO changes(memory) VALUES (OLD.memory);
END;
INSERT INTO lifetime VALUES ('sessions', 0), ('interactions', 0), ('memories', 0);

PRAGMA application_id = 1380142164;
PRAGMA user_version = 2;
