internal import Foundation
internal import GRDB

/// Folds the log into the database when it has grown.
struct Checkpoints: Sendable {
  /// The path of the database.
  let path: String
  /// Pages of the log (8 KiB each) from which a checkpoint is due.
  let pages: Int
  let log: @Sendable (String) -> Void

  static let standardPages = 1000

  /// To be called while the lock of the writers is held and no transaction is open, so that no commit of
  /// any process is under way. What was committed is durable whether or not this succeeds, so a failure
  /// is only noted.
  func runWhenDue(_ db: Database) {
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: path + "-wal")
      let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
      guard size > pages * Schema.pageBytes else { return }
      _ = try db.checkpoint(.passive)
    } catch {
      log("the log of the database could not be folded in: \(error)")
    }
  }
}
