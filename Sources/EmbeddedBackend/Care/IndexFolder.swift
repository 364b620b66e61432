internal import Foundation
internal import Records

/// The folder of the index that is derived from the database.
enum IndexFolder {
  /// How the folder is, for whoever examines a data directory.
  static func finding(_ folder: URL) -> Finding {
    guard FileManager.default.fileExists(atPath: folder.path) else {
      return Finding("index", .ok, "in memory, made from the database when it is first needed")
    }
    return Finding("index", .ok, "there, and made again from the database whenever it is removed")
  }
}
