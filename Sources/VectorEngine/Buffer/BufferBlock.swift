internal import VectorKernels

/// A fixed number of rows in memory, filled from the front.
///
/// It is the mechanism; when to make a larger one is `UserRows`' policy.
final class BufferBlock: RowSource {
  let capacity: Int
  private let dimension: Int
  private let vectors: AppendOnlyStorage<Float>
  private let codes: CodeStorage
  private let ids: AppendOnlyStorage<UInt64>
  private let groups: AppendOnlyStorage<UInt64>
  private let times: AppendOnlyStorage<Int64>
  private let squaredNorms: AppendOnlyStorage<Float>

  init(capacity: Int, dimension: Int) {
    self.capacity = capacity
    self.dimension = dimension
    vectors = AppendOnlyStorage(capacity: capacity * dimension)
    codes = CodeStorage(CodeLayout(dimension: dimension), capacity: capacity)
    ids = AppendOnlyStorage(capacity: capacity)
    groups = AppendOnlyStorage(capacity: capacity)
    times = AppendOnlyStorage(capacity: capacity)
    squaredNorms = AppendOnlyStorage(capacity: capacity)
  }

  /// Appends a row; there must be room.
  func append(vector: Span<Float>, id: UInt64, group: UInt64, time: Int64, squaredNorm: Float) {
    codes.encode(vector, at: ids.count)
    vectors.append(vector)
    ids.append(id)
    groups.append(group)
    times.append(time)
    squaredNorms.append(squaredNorm)
  }

  /// Begins with the first rows of another block; there must be room, and nothing yet.
  func begin(with other: BufferBlock, count: Int) {
    precondition(ids.count == 0, "a block begins once")
    codes.copy(other.codes, rows: count)
    other.vectors.withSpan(0..<(count * dimension)) { vectors.append($0) }
    other.ids.withSpan(0..<count) { ids.append($0) }
    other.groups.withSpan(0..<count) { groups.append($0) }
    other.times.withSpan(0..<count) { times.append($0) }
    other.squaredNorms.withSpan(0..<count) { squaredNorms.append($0) }
  }

  func withVectors<R>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try vectors.withSpan(
      (range.lowerBound * dimension)..<(range.upperBound * dimension), body)
  }

  func score(
    of row: Int, _ query: Span<Float>, _ scorer: CanonicalScorer
  ) throws(EngineError) -> Float {
    vectors.withSpan((row * dimension)..<((row + 1) * dimension)) { scorer.score(query, $0) }
  }

  func id(of row: Int) throws(EngineError) -> UInt64 { ids[row] }

  func group(of row: Int) throws(EngineError) -> UInt64 { groups[row] }

  func expectVector(_ row: Int) {
    vectors.expect(row * dimension, byteCount: min(4 * dimension, 4096))
  }

  func expectIDs(_ rows: Range<Int>, sharesGroups: Bool) {
    ids.expect(rows.lowerBound, byteCount: min(8 * rows.count, 1024))
    if sharesGroups { groups.expect(rows.lowerBound, byteCount: min(8 * rows.count, 1024)) }
  }

  func withCodes<R>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try codes.withBlocks(blocks, body)
  }

  /// None: the directions would have to be found anew as rows come.
  var prefixes: PrefixCodes? { nil }

  func withPrefixes<R>(
    _ blocks: Range<Int>, _ body: (Span<UInt8>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    preconditionFailure("a buffer has no prefixes")
  }

  func withBasis<R>(
    _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    preconditionFailure("a buffer has no prefixes")
  }

  func withIDs<R>(
    _ range: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try ids.withSpan(range, body)
  }

  func withGroups<R>(
    _ range: Range<Int>, _ body: (Span<UInt64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try groups.withSpan(range, body)
  }

  func withTimes<R>(
    _ range: Range<Int>, _ body: (Span<Int64>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try times.withSpan(range, body)
  }

  func withSquaredNorms<R>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try squaredNorms.withSpan(range, body)
  }
}
