internal import Synchronization
internal import VectorKernels

/// A sealed file of rows, read through a mapping.
///
/// Opening checks the header, the footer, the arithmetic of all sections, the table of checksums
/// and the whole directory, so that nothing later has to. The planes of the rows are checked chunk
/// by chunk, the first time each is lent.
final class Segment: RowSource {
  let name: String
  let dimension: Int
  let metric: Metric
  let rowCount: Int
  let userCount: Int
  let sessionCount: Int
  let largestSquaredNorm: Float
  let sharesGroups: Bool
  let prefixes: PrefixCodes?
  var byteCount: Int { file.count }

  let file: MappedFile
  let path: String
  private let sections: [Range<Int>]
  private let verified: VerifiedChunks

  /// Opens a file of a folder.
  init(folder: String, name: String) throws(EngineError) {
    self.name = name
    path = folder + "/" + name
    file = try MappedFile(path: path)
    let header = try SegmentHeader(file, path)
    dimension = header.dimension
    metric = header.metric
    rowCount = header.rowCount
    userCount = header.userCount
    sessionCount = header.sessionCount
    largestSquaredNorm = header.largestSquaredNorm
    sharesGroups = header.sharesGroups
    sections = header.sections
    prefixes = try Self.prefixes(header, file)
    verified = VerifiedChunks(count: sections.last.map { $0.count / 4 } ?? 0)
    for section in [SegmentFormat.Section.basis, .users, .sessions, .keys] {
      try verify(sections[section.rawValue], in: section)
    }
    try checkDirectory()
  }

  /// The offset of a section in the file.
  func offset(of section: SegmentFormat.Section) -> Int { sections[section.rawValue].lowerBound }

  /// How many bytes a section has.
  func length(of section: SegmentFormat.Section) -> Int { sections[section.rawValue].count }

  /// Checks every byte of the file, also what was found sound before.
  ///
  /// - Throws: `corrupt`, naming the file and the section.
  func verifyEverything() throws(EngineError) {
    for section in SegmentFormat.Section.allCases where section != .checksums {
      let range = sections[section.rawValue]
      try verify(
        range.lowerBound..<SegmentFormat.roundedUp(range.upperBound), in: section, again: true)
    }
    try verify(0..<SegmentFormat.headerLength, in: .vectors, again: true)
  }

  /// Checks chunks that were not checked before, or all of them again.
  private func verify(
    _ bytes: Range<Int>, in section: SegmentFormat.Section, again: Bool = false
  ) throws(EngineError) {
    guard !bytes.isEmpty else { return }
    let chunks =
      (bytes.lowerBound / SegmentFormat.chunk)..<SegmentFormat.roundedUp(bytes.upperBound)
      / SegmentFormat.chunk
    for chunk in chunks where again || !verified.contains(chunk) {
      let checksums = sections[SegmentFormat.Section.checksums.rawValue]
      let expected = try file.withSpan(
        of: UInt32.self, offset: checksums.lowerBound + 4 * chunk, count: 1
      ) { $0[0].littleEndian }
      let found = try file.withSpan(
        of: UInt8.self, offset: chunk * SegmentFormat.chunk, count: SegmentFormat.chunk
      ) { RowKernels().checksum(of: $0) }
      guard found == expected else {
        throw EngineError(
          .corrupt,
          "\(path): the section \(section) is damaged near byte \(chunk * SegmentFormat.chunk). "
            + "Restore the folder from a backup or build the index again.")
      }
      verified.insert(chunk)
    }
  }

  private func lend<Element: BitwiseCopyable, R>(
    _ section: SegmentFormat.Section, _ elements: Range<Int>,
    _ body: (Span<Element>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let stride = MemoryLayout<Element>.stride
    let start = sections[section.rawValue].lowerBound + elements.lowerBound * stride
    precondition(
      elements.upperBound * stride <= sections[section.rawValue].count, "beyond the section")
    try verify(start..<(start + elements.count * stride), in: section)
    return try file.withSpan(of: Element.self, offset: start, count: elements.count, body)
  }

  func withVectors<R>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try lend(
      .vectors, (range.lowerBound * dimension)..<(range.upperBound * dimension), body)
  }

  func score(
    of row: Int, _ query: Span<Float>, _ scorer: CanonicalScorer
  ) throws(EngineError) -> Float {
    try withVectors(row..<(row + 1)) { scorer.score(query, $0) }
  }

  func id(of row: Int) throws(EngineError) -> UInt64 { try withIDs(row..<(row + 1)) { $0[0] } }

  func group(of row: Int) throws(EngineError) -> UInt64 {
    try withGroups(row..<(row + 1)) { $0[0] }
  }

  func expectVector(_ row: Int) {
    file.expect(
      offset(of: .vectors) + row * dimension * 4, byteCount: min(4 * dimension, 4096))
  }

  func expectIDs(_ rows: Range<Int>, sharesGroups: Bool) {
    let length = min(8 * rows.count, 1024)
    file.expect(offset(of: .ids) + 8 * rows.lowerBound, byteCount: length)
    if sharesGroups { file.expect(offset(of: .groups) + 8 * rows.lowerBound, byteCount: length) }
  }

  func withCodes<R>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let length = CodeLayout(dimension: dimension).blockLength
    return try lend(.codes, (blocks.lowerBound * length)..<(blocks.upperBound * length), body)
  }

  func withPrefixes<R>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let length = prefixes?.layout.blockLength ?? 0
    return try lend(.prefixes, (blocks.lowerBound * length)..<(blocks.upperBound * length), body)
  }

  func withBasis<R>(
    _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try lend(.basis, 0..<(length(of: .basis) / 4 - 1), body)
  }

  /// Read before the checksums are looked at, which is done before anything is searched.
  private static func prefixes(
    _ header: SegmentHeader, _ file: MappedFile
  ) throws(EngineError) -> PrefixCodes? {
    guard header.directions > 0 else { return nil }
    let basis = header.sections[SegmentFormat.Section.basis.rawValue]
    let error = try file.withSpan(of: UInt32.self, offset: basis.upperBound - 4, count: 1) {
      Float(bitPattern: $0[0].littleEndian)
    }
    return PrefixCodes(
      directions: header.directions, dimension: header.dimension, largestError: error)
  }

  func withIDs<R>(
    _ range: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try lend(.ids, range, body)
  }

  func withGroups<R>(
    _ range: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try lend(.groups, range, body)
  }

  func withTimes<R>(
    _ range: Range<Int>, _ body: (Span<Int64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try lend(.times, range, body)
  }

  func withSquaredNorms<R>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try lend(.squaredNorms, range, body)
  }
}

/// The chunks that were found undamaged: one bit each, set by whichever reader was first.
///
/// - Note: `@unchecked Sendable` because every access is atomic.
@safe
private final class VerifiedChunks: @unchecked Sendable {
  private let words: UnsafeMutablePointer<Atomic<UInt64>>
  private let count: Int

  init(count: Int) {
    self.count = (count + 63) / 64
    unsafe words = .allocate(capacity: max(1, self.count))
    for i in 0..<self.count { unsafe (words + i).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe words.deinitialize(count: count)
    unsafe words.deallocate()
  }

  func contains(_ chunk: Int) -> Bool {
    precondition(chunk / 64 < count, "beyond the file")
    let word = unsafe words[chunk / 64].load(ordering: .relaxed)
    return word >> UInt64(chunk % 64) & 1 == 1
  }

  func insert(_ chunk: Int) {
    precondition(chunk / 64 < count, "beyond the file")
    unsafe words[chunk / 64].bitwiseOr(1 << UInt64(chunk % 64), ordering: .relaxed)
  }
}
