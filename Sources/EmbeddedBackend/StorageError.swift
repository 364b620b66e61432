internal import GRDB
internal import Records

/// Why the database or the index behind it cannot be used.
package struct StorageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that a program can tell apart.
  package enum Code: String, Sendable {
    /// The database was written by a newer version of this program.
    case newerVersion
    /// The file is not a database, not ours, or damaged.
    case damaged
    /// The operating system refused: permissions, space, a missing folder.
    case inputOutput
  }

  package let code: Code
  /// What went wrong and what to do about it.
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }

  /// What a failure of SQLite means: what passes by itself is the caller's to know, the rest the
  /// operator's.
  static func translated(_ error: DatabaseError, _ path: String) -> any Error {
    switch error.resultCode {
    case .SQLITE_FULL:
      ServiceError(.unavailable, "The disk is full; nothing was stored.")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      ServiceError(
        .unavailable, "The database is busy; try again.", retryAfterMilliseconds: 1000)
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      StorageError(
        .damaged,
        "\(path) is not a sound database (\(error.resultCode)). Restore it from a backup.")
    default:
      StorageError(
        .inputOutput, "\(path) cannot be used: \(error.message ?? "\(error.resultCode)").")
    }
  }
}
