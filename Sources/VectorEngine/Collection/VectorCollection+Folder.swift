internal import Synchronization

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

extension VectorCollection {
  /// Opens the collection of a folder, or makes a new one there.
  ///
  /// - Parameters:
  ///   - label: what a new folder says about whose index it is; see `label`.
  ///   - patience: how long another process that makes the same folder is waited for.
  /// - Throws: `invalidArgument` when the folder's collection has another dimension or metric;
  ///   `corrupt`, `unsupportedVersion` for files that cannot be used; `busy`, `inputOutput`.
  public convenience init(
    at url: URL, _ configuration: Configuration, label: String = "",
    patience: Duration = .seconds(30)
  ) throws(EngineError) {
    try self.init(
      at: url, configuration, label: label, patience: patience, files: LocalFiles())
  }

  /// The same through a file system of the caller's.
  package convenience init(
    at url: URL, _ configuration: Configuration, label: String = "",
    patience: Duration = .seconds(30), files: any FileSystem
  ) throws(EngineError) {
    let folder = Folder(url.path, files)
    try Self.check(label)
    try folder.create()
    if !folder.exists(Manifest.name) {
      try folder.withLock(patience: patience) { () throws(EngineError) in
        guard !folder.exists(Manifest.name) else { return }
        // A manifest is there before the first segment, so this one was lost: to begin anew would
        // overwrite what is left.
        guard try folder.segmentNames().isEmpty else {
          throw EngineError(
            .corrupt, "\(folder.path) has segments but no manifest: restore the folder.")
        }
        try Manifest(configuration, Manifest.Note(label: label)).publish(in: folder)
      }
    }
    let (manifest, segments) = try Self.open(folder)
    guard manifest.configuration == configuration else {
      let found = manifest.configuration
      throw EngineError(
        .invalidArgument,
        "\(folder.path) holds vectors of dimension \(found.dimension) under \(found.metric), not "
          + "\(configuration.dimension) under \(configuration.metric).")
    }
    self.init(folder: folder, WriterState(manifest, segments))
  }

  /// Opens the collection of a folder.
  ///
  /// - Complexity: O(users and sessions of the folder); rows are not read.
  /// - Throws: `notAnIndex` when there is none; otherwise as above.
  public convenience init(opening url: URL) throws(EngineError) {
    let folder = Folder(url.path)
    let (manifest, segments) = try Self.open(folder)
    self.init(folder: folder, WriterState(manifest, segments))
  }

  /// What the published state of a folder says of itself; its segments are not opened.
  ///
  /// - Throws: `notAnIndex`, `corrupt`, `unsupportedVersion`, `inputOutput`.
  public static func published(
    at url: URL
  ) throws(EngineError) -> (generation: UInt64, position: UInt64, label: String) {
    let manifest = try Manifest(Folder(url.path))
    return (manifest.generation, manifest.note.position, manifest.note.label)
  }

  /// Begins the collection of a folder anew: it holds nothing afterwards, whatever it held.
  ///
  /// It does nothing but open the folder when somebody else has begun it anew meanwhile: when it is sound,
  /// has this shape and this label, and another generation than the one that was found wanting. Whoever
  /// has the old files open keeps them, and finds the new ones by `refresh`.
  ///
  /// - Parameters:
  ///   - label: whose index it is.
  ///   - generation: that of the state that is not wanted; nil when it could not even be opened.
  ///   - patience: how long another process that is publishing is waited for.
  /// - Throws: `busy`, `inputOutput`.
  public convenience init(
    resetting url: URL, _ configuration: Configuration, label: String, generation: UInt64?,
    patience: Duration = .seconds(30)
  ) throws(EngineError) {
    let folder = Folder(url.path)
    try Self.check(label)
    try folder.create()
    try folder.withLock(patience: patience) { () throws(EngineError) in
      let known: Manifest?
      do throws(EngineError) {
        let (manifest, _) = try Self.open(folder)
        if manifest.configuration == configuration, manifest.note.label == label,
          manifest.generation != generation
        {
          return
        }
        known = manifest
      } catch {
        if error.code == .inputOutput { throw error }
        known = try? Manifest(folder)
      }
      var fresh = Manifest(configuration, Manifest.Note(label: label))
      // Others tell states apart by the generation, so none may come again. When the old one cannot be
      // read, the time is far beyond any number of publications.
      let time = UInt64(max(0, Date().timeIntervalSince1970 * 1_000_000))
      fresh.generation = known.map { $0.generation &+ 1 } ?? time
      let used = try folder.segmentNames().compactMap { UInt64($0.dropFirst(8).dropLast(4)) }.max()
      fresh.nextNumber = max(known?.nextNumber ?? 1, (used ?? 0) + 1)
      try fresh.publish(in: folder)
      Self.removeUnlisted(folder, fresh)
    }
    let (manifest, segments) = try Self.open(folder)
    self.init(folder: folder, WriterState(manifest, segments))
  }

  /// The number of the published state that is seen here; each publication has a greater one.
  public var generation: UInt64 { writer.withLock { $0.generation } }

  /// How far the published state has come in the caller's own counting, which only `flush` moves; 0 at
  /// first, and for a collection in memory.
  public var position: UInt64 { writer.withLock { $0.note.position } }

  /// What the folder says about whose index it is, which only `flush` changes; empty at first.
  public var label: String { writer.withLock { $0.note.label } }

  /// Makes the state that others have published in the folder the one that is seen here.
  ///
  /// Snapshots that were taken before stay as they are. What was written here and not flushed does not
  /// survive: either it is given up, and the caller writes it again, or nothing changes.
  ///
  /// - Parameter discardingChanges: whether what was not flushed is given up when the folder has moved.
  /// - Returns: whether the folder had moved.
  /// - Complexity: a read of a few bytes when it had not; otherwise O(users and sessions of the files
  ///   that are new).
  /// - Throws: `conflict` when the folder has moved and there are changes here that may not be given up;
  ///   as opening does.
  public func refresh(discardingChanges: Bool = false) throws(EngineError) -> Bool {
    guard let folder else { return false }
    let seen = writer.withLock { $0.generation }
    guard try Manifest.generation(in: folder) != seen else { return false }
    return try write { state throws(EngineError) in
      let (manifest, segments) = try Self.open(folder, sharing: state.segments)
      guard manifest.generation != state.generation else { return false }
      guard manifest.configuration == configuration else {
        throw EngineError(.corrupt, "\(folder.path) has become an index of another shape.")
      }
      guard discardingChanges || !state.hasChanges else { throw Self.conflict(folder) }
      state.adopt(manifest, segments)
      return true
    }
  }

  /// Checks every byte of every segment, and what of their structure opening leaves out.
  ///
  /// - Complexity: O(bytes).
  /// - Throws: `corrupt`, naming the file and the section.
  public func verify() throws(EngineError) {
    for sealed in snapshot().segments { try sealed.segment.verifyEverything() }
  }

  static func conflict(_ folder: Folder) -> EngineError {
    EngineError(
      .conflict,
      "Another writer has changed \(folder.path) since it was opened here; open it again.")
  }

  static func check(_ label: String) throws(EngineError) {
    guard label.utf8.count <= Manifest.Note.largestLabel else {
      throw EngineError(.invalidArgument, "A label has at most 1,024 bytes.")
    }
  }

  // MARK: Opening files

  /// How often a manifest is read again because its files went away meanwhile.
  private static let patience = 100

  /// Opens what the folder's manifest lists.
  ///
  /// - Parameter known: segments that are open already.
  static func open(
    _ folder: Folder, sharing known: [SealedRows] = []
  ) throws(EngineError) -> (Manifest, [SealedRows]) {
    var attempts = 0
    while true {
      let manifest = try Manifest(folder)
      do {
        var segments: [SealedRows] = []
        for part in manifest.parts {
          segments.append(try sealedRows(folder, part, manifest.configuration, known))
        }
        return (manifest, segments)
      } catch {
        // Somebody may have compacted since the manifest was read; then there is a newer one.
        attempts += 1
        guard attempts < patience, try Manifest.generation(in: folder) != manifest.generation else {
          throw error
        }
      }
    }
  }

  static func sealedRows(
    _ folder: Folder, _ part: Manifest.Part, _ configuration: Configuration,
    _ known: [SealedRows] = []
  ) throws(EngineError) -> SealedRows {
    if var sealed = known.first(where: { part.isThis($0.segment) }) {
      sealed.dead = part.dead
      return sealed
    }
    guard folder.exists(part.name) else {
      throw EngineError(
        .corrupt, "\(folder.path) lists \(part.name), which is missing. Restore it from a backup.")
    }
    let segment = try Segment(folder: folder.path, name: part.name)
    guard part.isThis(segment), segment.dimension == configuration.dimension,
      segment.metric == configuration.metric
    else {
      throw EngineError(.corrupt, "\(segment.path) is not the segment that the index lists.")
    }
    return try SealedRows(segment, dead: part.dead)
  }
}
