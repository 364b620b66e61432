/// Bytes that others keep beside the rows of each sealed file, by name; what they mean is theirs.
///
/// A name has 1 to 32 bytes of UTF-8; a file has at most 40 of them.
public typealias SideSections = [String: [UInt8]]

/// Makes the side sections of a file that is about to be written.
///
/// It is called before the file is written, while a lock of the folder is held, and must not use the
/// collection.
public typealias SideSectionMaker = (SegmentDraft) throws(EngineError) -> SideSections

/// What a file that is about to be written will hold.
public struct SegmentDraft {
  /// Its rows.
  public var rowCount: Int { ids.count }
  /// The ids of its rows, in the order of the file.
  public let ids: [UInt64]
  /// Where its rows come from, in the order of the file: rows of sealed files, or of the buffer.
  public let origins: [Origin]

  /// Rows that lie one after another where they come from, and in the new file.
  public struct Origin: Sendable {
    /// The sealed file they come from; nil for the buffer, and then `rows` has no meaning outside it.
    public let segment: SealedSegment?
    /// Which rows of it.
    public let rows: Range<Int>
  }
}

/// A sealed file as a snapshot sees it: for those who keep bytes of their own beside its rows.
public struct SealedSegment: Sendable {
  let sealed: SealedRows

  /// The name of the file in the folder; it never means another file.
  public var name: String { sealed.segment.name }

  /// All rows of the file, also the deleted ones.
  public var rowCount: Int { sealed.segment.rowCount }

  /// Whether a row is deleted.
  public func isDeleted(_ row: Int) -> Bool { sealed.dead.contains(row) }

  /// The id of each row, in the order of the file.
  ///
  /// - Complexity: O(rows).
  /// - Throws: `corrupt`.
  public func ids() throws(EngineError) -> [UInt64] {
    try sealed.segment.withIDs(0..<rowCount) { span in
      var ids: [UInt64] = []
      ids.reserveCapacity(span.count)
      for i in span.indices { ids.append(span[i]) }
      return ids
    }
  }

  /// The names of the side sections of the file.
  public var sideNames: [String] { sealed.segment.sideNames }

  /// Lends the bytes of a side section, in place; nil when the file has none of this name.
  ///
  /// - Complexity: O(bytes) the first time, when they are checked; then O(1).
  /// - Throws: `corrupt`, and what the body throws.
  public func withSide<R>(
    _ name: String, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R? {
    try sealed.segment.withSide(name, body)
  }
}

extension VectorSnapshot {
  /// The sealed files, oldest first.
  public var sealedSegments: [SealedSegment] { segments.map { SealedSegment(sealed: $0) } }
}
