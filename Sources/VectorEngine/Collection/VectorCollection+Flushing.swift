internal import Synchronization

extension VectorCollection {
  /// Makes everything that was written durable: the buffer becomes a segment, deletions are listed in
  /// the manifest. Does nothing for a collection in memory, or when there is nothing to publish.
  ///
  /// It waits for another process that is publishing, half a minute at most; a compaction that is under
  /// way does not hold it up.
  ///
  /// - Parameters:
  ///   - position: how far the caller has come in a counting of its own; stays as it is when nil.
  ///   - label: whose index this is; stays as it is when nil.
  ///   - sides: makes what is kept beside the rows of the new segment.
  /// - Complexity: O(buffered rows × `dimension`), and O(deleted rows of the folder).
  /// - Throws: `conflict` when another writer has published since this collection was opened,
  ///   flushed or refreshed (nothing is lost: `refresh(discardingChanges:)` and repeat what was
  ///   written since); `busy`; `inputOutput`. What was written here is then still there, and the folder
  ///   is as it was or, after `inputOutput`, already as it was to become.
  public func flush(
    position: UInt64? = nil, label: String? = nil, sides: SideSectionMaker? = nil
  ) throws(EngineError) {
    guard let folder, let note = try due(position, label) else { return }
    try folder.withLock { () throws(EngineError) in try seal(note, folder, sides) }
  }

  /// The same, unless another process is publishing.
  ///
  /// - Returns: false when it is, and nothing was done.
  /// - Throws: as `flush`.
  public func tryFlush(
    position: UInt64? = nil, label: String? = nil, sides: SideSectionMaker? = nil
  ) throws(EngineError) -> Bool {
    guard let folder, let note = try due(position, label) else { return true }
    let done: Void? = try folder.withLockIfFree { () throws(EngineError) in
      try seal(note, folder, sides)
    }
    return done != nil
  }

  /// What is to be noted in the next manifest; nil when nothing has changed.
  private func due(_ position: UInt64?, _ label: String?) throws(EngineError) -> Manifest.Note? {
    if let label { try Self.check(label) }
    return writer.withLock { state in
      var note = state.note
      note.position = position ?? note.position
      note.label = label ?? note.label
      return state.hasChanges || note != state.note ? note : nil
    }
  }

  private func seal(
    _ note: Manifest.Note, _ folder: Folder, _ sides: SideSectionMaker?
  ) throws(EngineError) {
    try write { state throws(EngineError) in
      var manifest = try Manifest(folder)
      guard manifest.generation == state.generation else { throw Self.conflict(folder) }
      var segments = state.segments
      let output = try SegmentWriter(state.buffer, configuration)
      if output.rowCount > 0 {
        let name = Folder.segmentName(manifest.nextNumber)
        try Self.write(output, as: Folder.sealing, folder, try output.ids(), sides, [])
        try folder.publish(Folder.sealing, as: name)
        let segment = try Segment(folder: folder.path, name: name)
        segments.append(try SealedRows(segment, dead: RowMask()))
        manifest.nextNumber += 1
      }
      manifest.note = note
      manifest.generation &+= 1
      manifest.parts = segments.map { Manifest.Part($0.segment, dead: $0.dead) }
      try manifest.publish(in: folder)
      state.adopt(manifest, segments)
      Self.removeUnlisted(folder, manifest)
    }
  }

  /// Writes a segment beside its place; when that fails, what there is of it is taken away.
  static func write(
    _ output: SegmentWriter, as name: String, _ folder: Folder, _ ids: [UInt64],
    _ sides: SideSectionMaker?, _ inputs: [SealedRows]
  ) throws(EngineError) {
    let bytes = try output.sides(sides, ids: ids, inputs)
    do {
      try output.write(to: folder.path(of: name), folder.files, ids: ids, bytes)
    } catch {
      folder.discard(name)
      throw error
    }
  }

  /// Takes the names of segments away that the manifest, which is durable, does not list. Readers that
  /// have them open keep them.
  ///
  /// Only the holder of the lock may. A file that stays is removed another time.
  static func removeUnlisted(_ folder: Folder, _ manifest: Manifest) {
    let listed = Set(manifest.parts.map(\.name))
    guard let names = try? folder.segmentNames() else { return }
    for name in names where !listed.contains(name) { folder.discard(name) }
    // Left by somebody who died while sealing.
    folder.discard(Folder.sealing)
  }
}
