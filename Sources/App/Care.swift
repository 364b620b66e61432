internal import EmbeddedBackend
internal import Embeddings
package import Foundation
internal import Logging
package import Records

/// Looking after a data directory, for the command line.
package enum Care {
  /// Writes the database of a data directory to a file while servers go on; returns the file.
  ///
  /// - Parameter path: the file, or a folder in which it gets a name with the time.
  /// - Throws: `unavailable` when there is nothing to back up.
  package static func backUp(
    to path: String, replacing: Bool, _ settings: Settings
  ) throws -> (file: URL, contents: StoreContents) {
    let database = settings.dataDirectory.appendingPathComponent("recollect.sqlite")
    guard FileManager.default.fileExists(atPath: database.path) else {
      throw ServiceError(
        .unavailable, "There is no database in \(settings.dataDirectory.path) to back up.")
    }
    let logger = settings.logger
    let store = try EmbeddedStore(
      directory: settings.dataDirectory, log: { logger.error("\($0)") })
    let file = target(path)
    let contents = try StoreBackup.write(store, to: file, replacing: replacing)
    try store.close()
    return (file, contents)
  }

  private static func target(_ path: String) -> URL {
    let url = URL(fileURLWithPath: path)
    var isFolder: ObjCBool = false
    let isThere = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    guard isThere && isFolder.boolValue else { return url }
    let time = Timestamp.now().description.filter { $0 != ":" }
    return url.appendingPathComponent("recollect-\(time).sqlite")
  }

  /// Makes a backup the database of a data directory in which no server works.
  package static func restore(
    from path: String, replacing: Bool, _ settings: Settings
  ) throws -> StoreContents {
    try StoreBackup.restore(
      URL(fileURLWithPath: path), into: settings.dataDirectory, replacing: replacing)
  }

  /// Looks through the settings, the data directory and the model, and changes nothing.
  package static func examine(_ options: Settings.Options) -> [Finding] {
    let settings: Settings
    do {
      settings = try Settings(options)
    } catch {
      let failure = Failure(error)
      return [
        Finding(
          "settings", failure.kind == .unavailable ? .missing : .wrong, failure.message,
          advice: "`recollect config --help` says where settings come from.")
      ]
    }
    let file = settings.file.map { "read from \($0.path)" } ?? "no settings file"
    let examination = StoreExamination(settings.dataDirectory)
    return [Finding("settings", .ok, file)] + examination.findings()
      + [model(settings, examination)]
  }

  private static func model(_ settings: Settings, _ examination: StoreExamination) -> Finding {
    do {
      guard let embedder = try LazyEmbedder(model: settings.model).embedder() else {
        return Finding(
          "model", .missing, "none is installed, so memories are found by word alone",
          advice: "recollect model install")
      }
      let model = embedder.model
      let stored = try? examination.embedder()
      guard let stored, stored.name != model.name || stored.dimension != model.dimension else {
        return Finding("model", .ok, "\(model.name), \(model.dimension) dimensions")
      }
      return Finding(
        "model", .missing,
        "the vectors of the store are by \(stored.name) (\(stored.dimension) dimensions), this is "
          + "\(model.name) (\(model.dimension))",
        advice: "Name the model of the store with --model.")
    } catch {
      let failure = Failure(error)
      return Finding(
        "model", failure.kind == .damaged ? .damaged : .missing, failure.message,
        advice: "recollect model install")
    }
  }
}
