/// Bytes that others keep beside the rows of each sealed file, by name; what they mean is theirs.
///
/// A name has 1 to 32 bytes of UTF-8; a file has at most 40 of them.
public typealias SideSections = [String: SideContent]

/// The bytes of a side section: at hand, or made while they are written.
public struct SideContent: ExpressibleByArrayLiteral {
  let length: Int
  let write: ((Span<UInt8>) throws(EngineError) -> Void) throws(EngineError) -> Void

  /// Bytes that are at hand.
  public init(_ bytes: [UInt8]) {
    self.init(length: bytes.count) { (output) throws(EngineError) in try output(bytes.span) }
  }

  public init(arrayLiteral bytes: UInt8...) { self.init(bytes) }

  /// Bytes that are made piece by piece, so that they are never in memory all at once.
  ///
  /// - Parameters:
  ///   - length: how many there are.
  ///   - write: hands them over from front to back, to the last one.
  public init(
    length: Int,
    _ write:
      @escaping ((Span<UInt8>) throws(EngineError) -> Void) throws(EngineError) -> Void
  ) {
    self.length = length
    self.write = write
  }
}

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

  /// A side section to be read in parts; nil when the file has none of this name.
  package func side(_ name: String) -> SealedSide? {
    sealed.segment.side(name).map { SealedSide(segment: sealed.segment, range: $0) }
  }

  /// Whether any row is deleted.
  package var hasDeletedRows: Bool { sealed.dead.count > 0 }

  /// Lends the ids of some rows, in place.
  package func withIDs<R>(
    _ rows: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try sealed.segment.withIDs(rows, body)
  }

  /// Gives the memory of what was read back, so that going through a large file stays small.
  package func release() { sealed.segment.file.release() }
}

/// A side section of which parts are lent, each checked the first time it is.
package struct SealedSide: Sendable {
  let segment: Segment
  let range: Range<Int>

  /// How many bytes it has.
  package var count: Int { range.count }

  /// An error that says that the section is not what it should be.
  package func damage(_ what: String) -> EngineError {
    EngineError(.corrupt, "\(segment.path): \(what). Build the index again.")
  }

  /// Lends elements of fixed width, in place; they lie little-endian at a multiple of their width.
  ///
  /// - Complexity: O(bytes) the first time, then O(1).
  /// - Throws: `corrupt`, also when the section is too short; what the body throws.
  package func withSpan<Element: FixedWidthInteger & BitwiseCopyable, R>(
    of type: Element.Type = Element.self, at offset: Int, count elements: Int,
    _ body: (Span<Element>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let stride = MemoryLayout<Element>.stride
    guard offset >= 0, offset % stride == 0, offset <= count, elements >= 0,
      elements <= (count - offset) / stride
    else { throw damage("a section ends too early") }
    let start = range.lowerBound + offset
    return try segment.lend(start..<(start + elements * stride), body)
  }
}

extension VectorSnapshot {
  /// The sealed files, oldest first.
  public var sealedSegments: [SealedSegment] { segments.map { SealedSegment(sealed: $0) } }
}
