internal import Synchronization

extension VectorCollection {
  /// How much is brought together.
  public enum Compaction: Sendable {
    /// What is due, so that a user's rows lie in few files; see `compact`.
    case due
    /// Everything into one file without deleted rows.
    case everything
    /// Every file that has deleted rows, by itself: afterwards no file holds a byte of them.
    case deleted
  }

  /// Merges sealed files, so that a user's rows lie in few of them, and leaves deleted rows out.
  ///
  /// Files are merged step by step, and each step is published; the result depends on the files alone.
  /// Afterwards every file has at least three times the rows of all later ones together, so ten million
  /// rows sealed by 20,000 lie in about six files. Searches and writes go on meanwhile, `flush` too; what was
  /// written here and not flushed stays as it is. Another compaction of the folder is waited for.
  ///
  /// - Parameters:
  ///   - patience: how long, at most.
  ///   - sides: makes what is kept beside the rows of a new file; without it the new file has none.
  /// - Returns: how many steps there were.
  /// - Complexity: O(rows that are merged × `dimension`) time; in memory O(users + sessions) of them, 12
  ///   bytes for each row, and a few megabytes.
  /// - Throws: `corrupt` for damage in a row that would be copied, `busy`, `inputOutput`; the folder is
  ///   then as it was before or after the last step.
  public func compact(
    _ compaction: Compaction = .due, patience: Duration = .seconds(600),
    sides: SideSectionMaker? = nil
  ) throws(EngineError) -> Int {
    guard let folder else { return 0 }
    return try folder.withLock(Folder.compactionLock, patience: patience) {
      () throws(EngineError) in
      var steps = 0
      while try step(compaction, folder, sides) { steps += 1 }
      if compaction == .deleted {
        try folder.withLock { () throws(EngineError) in
          try Self.removeEverythingUnlisted(folder)
        }
      }
      return steps
    }
  }

  /// Takes away what nobody will read any more, also what somebody left who died; both locks are held.
  ///
  /// - Throws: `inputOutput` when something stays: it may hold rows that were deleted.
  private static func removeEverythingUnlisted(_ folder: Folder) throws(EngineError) {
    let manifest = try Manifest(folder)
    removeUnlisted(folder, manifest)
    folder.discard(Folder.compacting)
    let listed = Set(manifest.parts.map(\.name))
    let left =
      try folder.segmentNames().filter { !listed.contains($0) }
      + [Folder.sealing, Folder.compacting].filter { folder.exists($0) }
    guard left.isEmpty else {
      throw EngineError(
        .inputOutput,
        "\(folder.path): what was deleted may still be in \(left.joined(separator: ", ")), which "
          + "cannot be removed.")
    }
  }

  /// Takes one step of `compact()`, unless another process compacts the folder.
  ///
  /// - Returns: whether something was merged.
  /// - Throws: as `compact`.
  public func tryCompact(sides: SideSectionMaker? = nil) throws(EngineError) -> Bool {
    guard let folder else { return false }
    return try folder.withLockIfFree(Folder.compactionLock) { () throws(EngineError) in
      try step(.due, folder, sides)
    } ?? false
  }

  /// Merges what is due first. Only the holder of the lock of compaction takes files off the manifest,
  /// so those it reads stay listed until it has written the new one.
  private func step(
    _ compaction: Compaction, _ folder: Folder, _ sides: SideSectionMaker?
  ) throws(EngineError) -> Bool {
    let (start, segments) = try Self.open(folder, sharing: writer.withLock { $0.segments })
    let sizes = segments.map {
      CompactionPolicy.Size(rows: $0.segment.rowCount, dead: $0.dead.count)
    }
    let range =
      switch compaction {
      case .due: CompactionPolicy.due(sizes)
      case .everything: CompactionPolicy.everything(sizes)
      case .deleted: sizes.firstIndex { $0.dead > 0 }.map { $0..<($0 + 1) }
      }
    guard let range else {
      // Left by somebody who died while merging.
      folder.discard(Folder.compacting)
      return false
    }
    let inputs = Array(segments[range])
    let output = try SegmentWriter(merging: inputs, start.configuration)
    if output.rowCount > 0 {
      try Self.write(output, as: Folder.compacting, folder, try output.ids(), sides, inputs)
    }
    return try folder.withLock { () throws(EngineError) in
      try publish(output, inputs, folder)
    }
  }

  /// Puts a merged file in the place of those it was made from.
  private func publish(
    _ output: SegmentWriter, _ inputs: [SealedRows], _ folder: Folder
  ) throws(EngineError) -> Bool {
    var manifest = try Manifest(folder)
    let before = manifest.generation
    let names = inputs.map(\.segment.name)
    guard let first = manifest.parts.firstIndex(where: { $0.name == names.first }),
      manifest.parts[first...].prefix(names.count).map(\.name) == names
    else {
      // The folder was begun anew meanwhile.
      folder.discard(Folder.compacting)
      return false
    }
    let range = first..<(first + names.count)
    let moved = MovedRows(output, inputs)
    var merged: SealedRows?
    if output.rowCount > 0 {
      let name = Folder.segmentName(manifest.nextNumber)
      try folder.publish(Folder.compacting, as: name)
      let segment = try Segment(folder: folder.path, name: name)
      // Rows that were deleted while they were copied.
      let marks = moved.marks(
        zip(inputs, manifest.parts[range]).map { ($0.0.segment, $0.1.dead) })
      merged = try SealedRows(segment, dead: marks)
      manifest.nextNumber += 1
    }
    manifest.generation &+= 1
    manifest.parts.replaceSubrange(
      range, with: merged.map { [Manifest.Part($0.segment, dead: $0.dead)] } ?? [])
    try manifest.publish(in: folder)
    try write { state throws(EngineError) in
      // Whoever has not seen what others published in between sees this when it refreshes.
      guard state.generation == before else { return }
      state.adopt(manifest, replacing: range, by: merged, moved)
    }
    Self.removeUnlisted(folder, manifest)
    return true
  }
}
