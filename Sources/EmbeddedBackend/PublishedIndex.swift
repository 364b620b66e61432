internal import Foundation
internal import GRDB
internal import VectorEngine

/// The folder of an index as it was published, looked at without moving it.
struct PublishedIndex {
  /// Why it is not the index of a database.
  enum Objection: String {
    case foreign = "it is of another database or another model"
    case later = "it is of a later state of the database"
  }

  let url: URL

  /// - Returns: nil when nothing was ever published there.
  init?(_ url: URL) {
    guard FileManager.default.fileExists(atPath: url.appendingPathComponent("MANIFEST").path) else {
      return nil
    }
    self.url = url
  }

  /// Opens it, which looks at the parts that a search relies on unseen.
  func collection() throws(EngineError) -> VectorCollection { try VectorCollection(opening: url) }

  /// What keeps it from being the index of a database; nil when nothing does.
  ///
  /// - Parameter published: read before the transaction of the database began.
  static func objection(
    to published: (generation: UInt64, position: UInt64, label: String), _ db: Database
  ) throws -> Objection? {
    if try published.label != VectorIndex.label(db) { return .foreign }
    return published.position > UInt64(try DerivedIndex.sequence(db)) ? .later : nil
  }
}
