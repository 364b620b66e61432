/// How a search is answered.
public struct SearchReport: Hashable, Sendable {
  /// The path that was taken; never `automatic`.
  public var path: SearchOptions.Path
  /// Rows that lie in the scope and are not deleted: each is compared with the query.
  public var rowsInScope: Int
  /// Rows that were scored a second time, by the canonical kernel; 0 when scanning.
  public var rescoredRows: Int
}

extension VectorSnapshot {
  /// Tells how the queries of a batch are answered, without their results; arguments as for
  /// `search(batch:count:in:_:)`, and a batch of one is answered as a single query is.
  ///
  /// Apart from searching, so that searching pays nothing for it.
  ///
  /// - Returns: a report for each query, in the order of the queries.
  /// - Complexity: O(runs in scope) for queries that are scanned, that of the search for others.
  public func explain(
    batch queries: Span<Float>, count: Int, in scopes: [SearchScope],
    _ options: SearchOptions = SearchOptions()
  ) throws(EngineError) -> [SearchReport] {
    let prepared = try prepare(batch: queries, count: count, scopes)
    var reports = [SearchReport](
      repeating: SearchReport(path: .scan, rowsInScope: 0, rescoredRows: 0), count: scopes.count)
    for (scope, members) in Dictionary(grouping: scopes.indices, by: { scopes[$0] }) {
      let runs = try runs(in: scope)
      let path = path(queries: members.count, count: count, runs, options)
      var rescored = [Int](repeating: 0, count: members.count)
      if count > 0 && path != .scan {
        _ = try answer(
          members.map { prepared[$0] }, count: count, runs, options, path, rescored: &rescored)
      }
      let rows = runs.reduce(0) { $0 + $1.liveCount }
      for (member, number) in zip(members, rescored) {
        reports[member] = SearchReport(path: path, rowsInScope: rows, rescoredRows: number)
      }
    }
    return reports
  }
}
