internal import Foundation
internal import GRDB
internal import VectorEngine

/// The two parts of the index, each a folder of its own.
enum IndexPart: CaseIterable {
  case vectors, words

  /// Where it lies, in the folder of the index.
  func folder(in index: URL) -> URL {
    self == .vectors ? index : index.appendingPathComponent("words")
  }

  /// What follows the database, with nothing in hand.
  var rows: any FollowedRows { self == .vectors ? VectorRows() : TermRows() }
}

/// The folder of an index as it was published, looked at without moving it.
struct PublishedIndex {
  /// Why it is not the index of a database.
  enum Objection: String {
    case foreign = "it is of another database or another model"
    case later = "it is of a later state of the database"
  }

  let part: IndexPart
  let url: URL

  /// - Returns: nil when nothing was ever published there.
  init?(_ part: IndexPart, in index: URL) {
    let url = part.folder(in: index)
    guard FileManager.default.fileExists(atPath: url.appendingPathComponent("MANIFEST").path) else {
      return nil
    }
    self.part = part
    self.url = url
  }

  /// Those that there are.
  static func all(in index: URL) -> [PublishedIndex] {
    IndexPart.allCases.compactMap { PublishedIndex($0, in: index) }
  }

  /// Opens it, which looks at the parts that a search relies on unseen.
  func collection() throws(EngineError) -> VectorCollection { try VectorCollection(opening: url) }

  /// What keeps it from being the index of a database; nil when nothing does.
  ///
  /// - Parameter published: read before the transaction of the database began.
  func objection(
    to published: (generation: UInt64, position: UInt64, label: String), _ db: Database
  ) throws -> Objection? {
    if try published.label != part.rows.label(db) { return .foreign }
    return published.position > UInt64(try DerivedIndex.sequence(db)) ? .later : nil
  }
}
