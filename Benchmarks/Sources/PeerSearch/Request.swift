import VectorEngine

/// A line on standard input: which calls to make, one after the other.
struct Request: Decodable {
  /// The file of the queries.
  let queries: String
  /// The file of each query's user; without it queries are about everything.
  let users: String?
  let first: Int
  let calls: Int
  /// Queries of a call; a call of one query is a single search.
  let batch: Int
  let count: Int
  /// The name of a `SearchOptions.Path`.
  let path: String
  /// Bytes that are read before each call, so that caches hold nothing else.
  let evicted: Int
  /// The user in whose scope a search is made after that and before the call, so that caches hold
  /// the code as well.
  let warming: Int?
}

/// A line on standard output: the time of each call, and the results of each query.
struct Reply: Encodable {
  var nanoseconds: [Int64] = []
  var ids: [[UInt64]] = []
  var scores: [[Float]] = []
}

/// The first line on standard output: what was built.
struct Ready: Encodable {
  let rows: Int
  let users: Int
  let buildSeconds: Double
  let bytes: Int
  /// The paths that a request can name.
  let paths: [String]
}
