internal import Synchronization

/// A row as a collection keeps it.
public struct StoredRow: Hashable, Sendable {
  /// The row's id.
  public var id: UInt64
  /// The record it belongs to.
  public var group: UInt64
  /// Whom it belongs to.
  public var scope: RowScope
  /// Its time.
  public var time: Int64
  /// Its vector; under cosine of length one.
  public var vector: [Float]
}

extension VectorCollection {
  /// The rows with these ids, each nil when there is none.
  ///
  /// - Complexity: O(log rows + `dimension`) for each id and sealed file.
  /// - Throws: `corrupt`.
  public func rows(withIDs ids: some Sequence<UInt64>) throws(EngineError) -> [StoredRow?] {
    let ids = Array(ids)
    return try writer.withLock { state throws(EngineError) in
      var rows: [StoredRow?] = []
      for id in ids { rows.append(try state.row(withID: id)) }
      return rows
    }
  }
}

extension WriterState {
  fileprivate func row(withID id: UInt64) throws(EngineError) -> StoredRow? {
    guard let (source, row, scope) = try place(of: id) else { return nil }
    let one = row..<(row + 1)
    return StoredRow(
      id: id, group: try source.group(of: row), scope: scope,
      time: try source.withTimes(one) { $0[0] },
      vector: try source.withVectors(one) { span in span.indices.map { span[$0] } })
  }

  private func place(
    of id: UInt64
  ) throws(EngineError) -> (any RowSource, Int, RowScope)? {
    if let (user, row) = bufferedPlace(of: id) {
      guard let rows = buffer[user] else { return nil }
      let session = rows.sessions.first { $0.ranges.contains { $0.contains(row) } }
      return (rows.block, row, RowScope(user: user, session: session?.key))
    }
    guard let (number, row) = try sealedPlace(of: id) else { return nil }
    let segment = segments[number].segment
    return (segment, row, try segment.scope(ofRow: row))
  }
}

extension Segment {
  /// Whom a row belongs to.
  fileprivate func scope(ofRow row: Int) throws(EngineError) -> RowScope {
    var low = 0
    var high = sessionCount
    while low < high {
      let middle = (low + high) / 2
      if try session(middle).rows.upperBound <= row { low = middle + 1 } else { high = middle }
    }
    let session = try session(low)
    return RowScope(user: try key(try user(session.user)) ?? "", session: try key(session))
  }
}
