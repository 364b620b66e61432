internal import Synchronization
internal import VectorKernels

extension VectorCollection {
  /// Stores rows; a row whose id is in use replaces the one that has it.
  ///
  /// Either all rows of the batch are stored or, when this throws, none. They are visible to every
  /// snapshot that is taken afterwards, and durable after `flush()`.
  ///
  /// - Complexity: O(rows of the batch × `dimension`).
  /// - Throws: `invalidArgument` for arrays that do not fit together or a vector that the metric
  ///   refuses; `foreignID` when an id is in use by another user.
  public func upsert(_ batch: VectorBatch) throws(EngineError) {
    let prepared = try prepare(batch)
    try write { state throws(EngineError) in
      try Self.checkOwners(of: batch, in: state)
      let dimension = configuration.dimension
      for i in batch.ids.indices {
        _ = try state.remove(batch.ids[i])
        state.append(
          prepared.rows.span.extracting((i * dimension)..<((i + 1) * dimension)),
          id: batch.ids[i], group: batch.groups[i], scope: batch.scopes[i], time: batch.times[i],
          squaredNorm: prepared.squaredNorms[i])
      }
    }
  }

  /// Deletes the rows with these ids and returns how many there were.
  public func remove(ids: some Sequence<UInt64>) throws(EngineError) -> Int {
    let ids = Array(ids)
    return try write { state throws(EngineError) in
      var removed = 0
      for id in ids where try state.remove(id) { removed += 1 }
      return removed
    }
  }

  /// Deletes every row of a scope and returns how many there were.
  ///
  /// - Complexity: O(rows in scope).
  public func remove(in scope: SearchScope) throws(EngineError) -> Int {
    try write { state throws(EngineError) in
      var ids: [UInt64] = []
      var removed = 0
      for run in try state.snapshot().runs(in: scope) {
        try run.forEachLiveRange(SearchOptions()) { rows throws(EngineError) in
          if let segment = run.source as? Segment {
            state.remove(rows, of: segment)
            removed += rows.count
            return
          }
          try run.source.withIDs(rows) { span in
            for i in span.indices { ids.append(span[i]) }
          }
        }
      }
      for id in ids where try state.remove(id) { removed += 1 }
      return removed
    }
  }

  /// Which of these ids are in use.
  ///
  /// - Complexity: O(log rows) for each id and sealed file.
  /// - Throws: `corrupt`.
  public func contains(ids: some Sequence<UInt64>) throws(EngineError) -> [Bool] {
    let ids = Array(ids)
    return try writer.withLock { state throws(EngineError) in
      var found: [Bool] = []
      for id in ids { found.append(try state.contains(id)) }
      return found
    }
  }

  /// Runs the body as the only writer and publishes what it leaves.
  ///
  /// A body that throws may leave the state half changed only through damage on disk, which is why
  /// every check that depends on the caller comes before the first change.
  func write<R>(
    _ body: (inout WriterState) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    try writer.withLock { state throws(EngineError) in
      let result = try body(&state)
      let next = state.snapshot()
      published.withLock { $0 = next }
      return result
    }
  }

  private static func checkOwners(
    of batch: VectorBatch, in state: WriterState
  ) throws(EngineError) {
    var owners: [UInt64: String] = [:]
    for (id, scope) in zip(batch.ids, batch.scopes) {
      let known = owners[id]
      let owner = if let known { known } else { try state.owner(of: id) }
      guard owner == nil || owner.map(ByteKey.init) == ByteKey(scope.user) else {
        throw EngineError(
          .foreignID, "The id \(id) belongs to another user; ids are unique in a collection.")
      }
      owners[id] = scope.user
    }
  }

  private struct PreparedRows {
    var rows: [Float] = []
    var squaredNorms: [Float] = []
  }

  private func prepare(_ batch: VectorBatch) throws(EngineError) -> PreparedRows {
    let count = batch.ids.count
    let dimension = configuration.dimension
    guard batch.groups.count == count, batch.scopes.count == count, batch.times.count == count
    else {
      throw EngineError(
        .invalidArgument, "A batch has one group, scope and time for each of its \(count) ids.")
    }
    guard batch.rows.count == count * dimension else {
      throw EngineError(
        .invalidArgument,
        "\(count) rows of dimension \(dimension) have \(count * dimension) elements; "
          + "there are \(batch.rows.count).")
    }
    var prepared = PreparedRows()
    prepared.rows.reserveCapacity(batch.rows.count)
    prepared.squaredNorms.reserveCapacity(count)
    for i in 0..<count {
      let row = (i * dimension)..<((i + 1) * dimension)
      try configuration.metric.prepare(
        batch.rows.span.extracting(row), into: &prepared.rows,
        name: "Row \(i) (id \(batch.ids[i]))")
      prepared.squaredNorms.append(
        Float(RowKernels.squaredNorm(prepared.rows.span.extracting(row))))
    }
    return prepared
  }
}
