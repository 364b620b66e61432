/// What a search leaves out, and how it goes about its work.
public struct SearchOptions: Sendable {
  /// How scores are computed. Every path gives the same results, bit for bit.
  public enum Path: String, CaseIterable, Sendable {
    /// Whatever is expected to be faster for the number of queries.
    case automatic
    /// The canonical kernel over every row, query by query.
    case scan
    /// Bounds from codes of a byte a dimension, query by query, then the canonical kernel over the
    /// rows that could matter.
    case codes
    /// The same, with a first look at what a few principal directions see of the rows, where a sealed
    /// file has that.
    case prefixes
    /// The same as `codes` for several queries together: rows are read once for all of them.
    case tiles
    /// The canonical kernel over those rows alone that pass the filters, query by query.
    case gather
    /// Matrix products through BLAS, then the canonical kernel over the rows that could matter.
    case blas
  }

  /// Only rows with these ids, when given.
  public var ids: IDSet?
  /// Only rows with a time in this range, when given.
  public var times: ClosedRange<Int64>?
  /// How scores are computed.
  public var path: Path
  /// How many threads a large search may use, the calling one among them; 1 or more. Small ones, scans
  /// and matrix products stay on the calling thread. Results do not depend on it.
  public var threads: Int

  /// Describes a search; without arguments it considers every row of its scope.
  public init(
    ids: IDSet? = nil, times: ClosedRange<Int64>? = nil, path: Path = .automatic, threads: Int = 1
  ) {
    self.ids = ids
    self.times = times
    self.path = path
    self.threads = threads
  }

  var filters: Bool { ids != nil || times != nil }
}
