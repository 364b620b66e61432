import Foundation

/// Data of the project that is too large for the repository and is kept beside it.
enum SharedData {
  /// `shared/data` beside the package's folder, or in what `RECOLLECT_TEST_SHARED` names.
  static let directory: URL = {
    if let place = ProcessInfo.processInfo.environment["RECOLLECT_TEST_SHARED"] {
      return URL(fileURLWithPath: place, isDirectory: true).appendingPathComponent("data")
    }
    var package = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { package.deleteLastPathComponent() }
    return package.deletingLastPathComponent().appendingPathComponent("shared/data")
  }()

  /// Runs the check with the file, or says loudly that it could not, where the file is not at hand.
  static func check<Value: Decodable>(
    against path: String, as type: Value.Type, _ check: (Value) throws -> Void
  ) throws {
    let url = directory.appendingPathComponent(path)
    guard FileManager.default.fileExists(atPath: url.path) else {
      let words =
        "NOT CHECKED: \(url.path) is not there. Set RECOLLECT_TEST_SHARED to the folder.\n"
      FileHandle.standardError.write(Data(words.utf8))
      return
    }
    try check(try JSONDecoder().decode(type, from: try Data(contentsOf: url)))
  }
}
