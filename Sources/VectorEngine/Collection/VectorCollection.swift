internal import Synchronization

/// Vectors in, nearest neighbours out, by scope.
///
/// A collection holds rows of one dimension under one metric, grouped by user and by session. Writers
/// take turns; readers take a `snapshot()`, which never changes and never waits for a writer. All
/// methods are synchronous and may be called from any thread.
///
/// A collection made at a folder keeps sealed segments there: `flush()` makes what was written
/// durable, `compact()` brings each user's rows together, and `refresh()` shows what others have
/// published. One made without a folder lives in memory only.
public final class VectorCollection: Sendable {
  /// What all rows of a collection have in common.
  public struct Configuration: Hashable, Sendable {
    /// How many elements a vector has.
    public let dimension: Int
    /// How closeness is measured.
    public let metric: Metric

    /// The dimensions that a collection may have.
    public static let dimensions = 1...65_536

    /// Describes a collection.
    ///
    /// - Throws: `invalidArgument` for a dimension outside 1…65,536.
    public init(dimension: Int, metric: Metric = .cosine) throws(EngineError) {
      guard Self.dimensions.contains(dimension) else {
        throw EngineError(
          .invalidArgument, "A dimension is between 1 and 65,536, not \(dimension).")
      }
      self.dimension = dimension
      self.metric = metric
    }
  }

  /// How much a collection holds.
  public struct Statistics: Hashable, Sendable {
    /// Rows that a search can find.
    public var rows: Int
    /// Rows in segments that are deleted but still take space.
    public var tombstones: Int
    /// Sealed files.
    public var segments: Int
    /// Bytes of the sealed files.
    public var sealedBytes: Int
    /// Rows that are not sealed.
    public var bufferedRows: Int
  }

  /// The dimension and the metric.
  public let configuration: Configuration
  let folder: Folder?
  let writer: Mutex<WriterState>
  /// What the next snapshot shows; the lock is held for a copy only, so readers never wait long.
  let published: Mutex<VectorSnapshot>

  /// Makes an empty collection in memory.
  public init(_ configuration: Configuration) {
    self.configuration = configuration
    folder = nil
    let state = WriterState(configuration)
    published = Mutex(state.snapshot())
    writer = Mutex(state)
  }

  init(folder: Folder, _ state: consuming WriterState) {
    configuration = state.configuration
    self.folder = folder
    published = Mutex(state.snapshot())
    writer = Mutex(state)
  }

  /// The rows as they are now.
  ///
  /// - Complexity: O(1).
  public func snapshot() -> VectorSnapshot {
    published.withLock { $0 }
  }

  /// Finds the nearest groups of a scope in the rows as they are now; see `VectorSnapshot.search`.
  public func search(
    _ query: [Float], count: Int, in scope: SearchScope = .everything,
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [Neighbor] {
    try snapshot().search(query, count: count, in: scope, options)
  }

  /// How much the collection holds.
  public var statistics: Statistics {
    let snapshot = snapshot()
    let tombstones = snapshot.segments.reduce(0) { $0 + $1.dead.count }
    let sealed = snapshot.segments.reduce(0) { $0 + $1.segment.rowCount }
    return Statistics(
      rows: snapshot.liveCount, tombstones: tombstones, segments: snapshot.segments.count,
      sealedBytes: snapshot.segments.reduce(0) { $0 + $1.segment.byteCount },
      bufferedRows: snapshot.liveCount - (sealed - tombstones))
  }
}
