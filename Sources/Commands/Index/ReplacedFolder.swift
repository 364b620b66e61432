internal import Foundation
internal import VectorEngine

/// A folder that is made beside its place and put there when it is complete.
struct ReplacedFolder {
  private let place: URL
  private let beside: URL
  private let old: URL
  private let isThere: Bool

  /// Looks at the place.
  ///
  /// - Parameter force: whether an index that is there may go.
  /// - Throws: `InputError` when something is there that may not go; only an index or an empty
  ///   folder ever may.
  init(_ path: String, force: Bool) throws {
    place = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
    let parent = place.deletingLastPathComponent()
    let name = place.lastPathComponent
    let process = ProcessInfo.processInfo.processIdentifier
    beside = parent.appendingPathComponent("\(name).new-\(process)", isDirectory: true)
    old = parent.appendingPathComponent("\(name).old-\(process)", isDirectory: true)
    isThere = FileManager.default.fileExists(atPath: place.path)
    guard isThere else { return }
    guard force else {
      throw InputError(.wrongUse, "\(path) is there already; --force replaces it.")
    }
    var isFolder: ObjCBool = false
    _ = unsafe FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder)
    let names =
      isFolder.boolValue ? try FileManager.default.contentsOfDirectory(atPath: place.path) : nil
    guard let names, names.isEmpty || names.contains("MANIFEST") else {
      throw InputError(.wrongUse, "\(path) is not an index; --force replaces nothing else.")
    }
  }

  /// Lets the body fill the new folder, then gives it its place. When the body throws, everything is
  /// as it was.
  func fill(_ body: (URL) throws -> Void) throws {
    do {
      try body(beside)
      if isThere { try rename(place, to: old) }
      do {
        try rename(beside, to: place)
      } catch {
        if isThere { try rename(old, to: place) }
        throw error
      }
    } catch {
      if FileManager.default.fileExists(atPath: beside.path) {
        try FileManager.default.removeItem(at: beside)
      }
      throw error
    }
    if isThere { try FileManager.default.removeItem(at: old) }
  }

  private func rename(_ from: URL, to: URL) throws {
    do {
      try FileManager.default.moveItem(at: from, to: to)
    } catch {
      throw InputError(
        .unavailable, "Cannot rename \(from.path) to \(to.path): \(error.localizedDescription)")
    }
  }
}
