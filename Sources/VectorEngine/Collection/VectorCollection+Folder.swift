internal import Synchronization
internal import VectorKernels

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension VectorCollection {
  /// Opens the collection of a folder, or makes a new one there.
  ///
  /// - Throws: `invalidArgument` when the folder's collection has another dimension or metric;
  ///   `corrupt`, `unsupportedVersion` for files that cannot be used; `inputOutput`.
  public convenience init(at url: URL, _ configuration: Configuration) throws(EngineError) {
    let folder = url.path
    try Folder.create(folder)
    let state = try Folder.withLock(folder) { () throws(EngineError) in
      if !Manifest.exists(in: folder) {
        // A manifest is there before the first segment, so this one was lost: to begin anew would
        // overwrite what is left.
        guard try !Self.hasSegments(folder) else {
          throw EngineError(.corrupt, "\(folder) has segments but no manifest: restore the folder.")
        }
        try Manifest(configuration).publish(in: folder)
      }
      return try Self.state(folder)
    }
    guard state.configuration == configuration else {
      let found = state.configuration
      throw EngineError(
        .invalidArgument,
        "\(folder) holds vectors of dimension \(found.dimension) under \(found.metric), not "
          + "\(configuration.dimension) under \(configuration.metric).")
    }
    self.init(folder: folder, state)
  }

  private static func hasSegments(_ folder: String) throws(EngineError) -> Bool {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).contains {
        $0.hasPrefix("segment-") && $0.hasSuffix(".rvs")
      }
    } catch {
      throw EngineError(.inputOutput, "\(folder) cannot be read: \(error)")
    }
  }

  /// Opens the collection of a folder.
  ///
  /// - Complexity: O(users and sessions of the folder); rows are not read.
  /// - Throws: `notAnIndex` when there is none; otherwise as above.
  public convenience init(opening url: URL) throws(EngineError) {
    self.init(folder: url.path, try Self.state(url.path))
  }

  /// Makes everything that was written durable: the buffer becomes a segment, deletions are listed in
  /// the manifest. Does nothing for a collection in memory, or when nothing was written.
  ///
  /// - Throws: `conflict` when another writer has published since this collection was opened or
  ///   flushed (nothing is lost: open the folder again and repeat what was written since);
  ///   `inputOutput`.
  public func flush() throws(EngineError) {
    guard let folder, writer.withLock({ $0.hasChanges }) else { return }
    try Folder.withLock(folder) { () throws(EngineError) in
      try write { state throws(EngineError) in
        let onDisk = try Manifest(folder: folder)
        guard onDisk.generation == state.generation else {
          throw EngineError(
            .conflict,
            "Another writer has changed \(folder) since it was opened here; open it again.")
        }
        let generation = onDisk.generation &+ 1
        var segments = state.segments
        if let sealed = try Self.seal(state, folder, generation) { segments.append(sealed) }
        let parts = segments.map { Manifest.Part(name: $0.segment.name, dead: $0.dead.rows) }
        try Manifest(configuration, generation: generation, parts: parts).publish(in: folder)
        state.replaceBuffer(by: segments, generation: generation)
      }
    }
  }

  /// Checks every byte of every segment.
  ///
  /// - Throws: `corrupt`, naming the file and the section.
  public func verify() throws(EngineError) {
    for sealed in snapshot().segments { try sealed.segment.verifyEverything() }
  }

  private static func seal(
    _ state: WriterState, _ folder: String, _ generation: UInt64
  ) throws(EngineError) -> SealedRows? {
    let output = try SegmentWriter(state.buffer, state.configuration)
    guard output.rowCount > 0 else { return nil }
    let digits = String(generation)
    let name =
      "segment-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits + ".rvs"
    let temporary = folder + "/" + name + ".new"
    try output.write(to: temporary)
    try Folder.rename(temporary, to: folder + "/" + name, in: folder)
    return try sealedRows(folder, Manifest.Part(name: name, dead: []))
  }

  private static func state(_ folder: String) throws(EngineError) -> WriterState {
    let manifest = try Manifest(folder: folder)
    var segments: [SealedRows] = []
    for part in manifest.parts {
      let sealed = try sealedRows(folder, part)
      guard sealed.segment.dimension == manifest.configuration.dimension,
        sealed.segment.metric == manifest.configuration.metric
      else {
        throw EngineError(.corrupt, "\(sealed.segment.path) is not a segment of this index.")
      }
      segments.append(sealed)
    }
    return WriterState(manifest.configuration, segments, manifest.generation)
  }

  private static func sealedRows(
    _ folder: String, _ part: Manifest.Part
  ) throws(EngineError) -> SealedRows {
    guard Folder.exists(folder + "/" + part.name) else {
      throw EngineError(
        .corrupt, "\(folder) lists \(part.name), which is missing. Restore it from a backup.")
    }
    let segment = try Segment(folder: folder, name: part.name)
    var dead = RowMask()
    for row in part.dead {
      guard row >= 0, row < segment.rowCount else {
        throw EngineError(.corrupt, "\(folder): the manifest lists rows that do not exist.")
      }
      _ = dead.insert(row)
    }
    return try SealedRows(segment, dead: dead)
  }
}
