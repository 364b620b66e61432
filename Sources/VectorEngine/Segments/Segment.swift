internal import Synchronization
internal import VectorKernels

/// A sealed file of rows, read through a mapping.
///
/// Opening checks the header, the footer, the arithmetic of all sections, and the directory of users
/// and sessions, so that nothing later has to. The planes of the rows are checked chunk by chunk, the
/// first time each is lent, and so are the checksums themselves: opening reads none of them.
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
  /// No row has an id outside of these.
  let ids: ClosedRange<UInt64>
  /// The checksum of the header, by which the manifest names the file.
  let checksum: UInt32
  var byteCount: Int { file.count }

  let file: MappedFile
  let path: String
  private let table: SectionTable
  private let verified: VerifiedChunks
  private let verifiedChecksums: VerifiedChunks

  /// Opens a file of a folder.
  ///
  /// - Complexity: O(users + sessions); no row is read.
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
    ids = header.smallestID...header.largestID
    checksum = header.checksum
    table = header.table
    prefixes = try Self.prefixes(header, file)
    verified = VerifiedChunks(count: table[.checksums].count / 4)
    verifiedChecksums = VerifiedChunks(count: table[.roots].count / 4)
    for section in [SegmentFormat.Section.basis, .users, .sessions, .keys] {
      try verify(table[section])
    }
    try checkDirectory(order: false)
  }

  /// The offset of a section in the file.
  func offset(of section: SegmentFormat.Section) -> Int { table[section].lowerBound }

  /// How many bytes a section has.
  func length(of section: SegmentFormat.Section) -> Int { table[section].count }

  /// The names of the sections that others keep beside the rows.
  var sideNames: [String] { table.sides.map(\.name) }

  /// Lends such a section; nil when there is none of this name.
  func withSide<R>(
    _ name: String, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R? {
    guard let side = table.sides.first(where: { $0.name == name }) else { return nil }
    try verify(side.range)
    return try file.withSpan(
      of: UInt8.self, offset: side.range.lowerBound, count: side.range.count, body)
  }

  /// Where such a section lies.
  func side(_ name: String) -> Range<Int>? { table.sides.first { $0.name == name }?.range }

  /// Lends bytes of the file, as they are.
  func lend<Element: BitwiseCopyable, R>(
    _ bytes: Range<Int>, _ body: (Span<Element>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try verify(bytes)
    return try file.withSpan(
      of: Element.self, offset: bytes.lowerBound,
      count: bytes.count / MemoryLayout<Element>.stride, body)
  }

  /// Checks every byte of the file, also what was found sound before.
  ///
  /// - Throws: `corrupt`, naming the file and the section.
  func verifyEverything() throws(EngineError) {
    _ = try SegmentHeader(file, path)
    for chunk in 0..<(table[.roots].count / 4) { try verifyChecksums(chunk) }
    for chunk in 0..<(table[.checksums].count / 4) { try verifyChunk(chunk) }
    try checkDirectory(order: true)
    try checkOrder()
  }

  /// Checks chunks that were not checked before.
  private func verify(_ bytes: Range<Int>) throws(EngineError) {
    guard !bytes.isEmpty else { return }
    let chunks =
      (bytes.lowerBound / SegmentFormat.chunk)..<SegmentFormat.roundedUp(bytes.upperBound)
      / SegmentFormat.chunk
    for chunk in chunks where !verified.contains(chunk) {
      let group = chunk * 4 / SegmentFormat.chunk
      if !verifiedChecksums.contains(group) {
        try verifyChecksums(group)
        verifiedChecksums.insert(group)
      }
      try verifyChunk(chunk)
      verified.insert(chunk)
    }
  }

  /// Checks a chunk whose checksum was found sound.
  private func verifyChunk(_ chunk: Int) throws(EngineError) {
    guard try isSound(chunk * SegmentFormat.chunk, table[.checksums].lowerBound + 4 * chunk) else {
      let section = table.name(at: chunk * SegmentFormat.chunk)
      throw EngineError(
        .corrupt,
        "\(path): the section \(section) is damaged near byte \(chunk * SegmentFormat.chunk). "
          + "Restore the folder from a backup or build the index again.")
    }
  }

  /// Checks a chunk of the checksums by its root, which opening has checked.
  private func verifyChecksums(_ chunk: Int) throws(EngineError) {
    let start = table[.checksums].lowerBound + chunk * SegmentFormat.chunk
    guard try isSound(start, table[.roots].lowerBound + 4 * chunk) else {
      throw EngineError(
        .corrupt,
        "\(path): the checksums are damaged near byte \(start). Restore the folder from a backup or "
          + "build the index again.")
    }
  }

  private func isSound(_ chunk: Int, _ checksum: Int) throws(EngineError) -> Bool {
    let expected = try file.withSpan(of: UInt32.self, offset: checksum, count: 1) {
      $0[0].littleEndian
    }
    return try file.withSpan(of: UInt8.self, offset: chunk, count: SegmentFormat.chunk) {
      RowKernels().checksum(of: $0) == expected
    }
  }

  private func lend<Element: BitwiseCopyable, R>(
    _ section: SegmentFormat.Section, _ elements: Range<Int>,
    _ body: (Span<Element>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let stride = MemoryLayout<Element>.stride
    let range = table[section]
    let start = range.lowerBound + elements.lowerBound * stride
    precondition(elements.upperBound * stride <= range.count, "beyond the section")
    try verify(start..<(start + elements.count * stride))
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
    let basis = header.table[.basis]
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

/// Which row has an id: the rows are listed in the order of their ids.
extension Segment {
  /// The row with this id, deleted or not; nil when there is none.
  ///
  /// - Complexity: O(log rows).
  func row(withID id: UInt64) throws(EngineError) -> Int? {
    guard ids.contains(id) else { return nil }
    var low = 0
    var high = rowCount
    while low < high {
      let middle = (low + high) / 2
      let row = try row(inOrder: middle)
      let found = try self.id(of: row)
      if found == id { return row }
      if found < id { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  private func row(inOrder place: Int) throws(EngineError) -> Int {
    let row = try lend(.order, place..<(place + 1)) { (rows: Span<UInt32>) in
      Int(rows[0].littleEndian)
    }
    guard row < rowCount else {
      throw EngineError(.corrupt, "\(path): the order of the ids names rows that do not exist.")
    }
    return row
  }

  /// Checks that the order is one of all rows, each id once.
  private func checkOrder() throws(EngineError) {
    var previous: UInt64?
    for place in 0..<rowCount {
      let id = try id(of: try row(inOrder: place))
      guard previous.map({ $0 < id }) ?? true, ids.contains(id) else {
        throw EngineError(.corrupt, "\(path): the order of the ids is damaged.")
      }
      previous = id
    }
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
