/// Where a row lies in its session.
struct RowPosition: Sendable {
  let chunk: UInt32
  let row: UInt32
}

/// The rows of one session of one user, or those of a user that belong to no session.
struct SessionRows: Sendable {
  let session: ExactKey?
  /// Ascending serials; only the last may have room.
  private(set) var chunks: [RowChunk] = []
  private(set) var living = RowTotals()
  private var nextSerial: UInt32 = 0

  init(session: ExactKey?) {
    self.session = session
  }

  /// Appends a row and returns where it lies.
  mutating func append(_ terms: RowTerms, id: UInt64) -> RowPosition {
    living.add(length: terms.length)
    return place(terms, id: id)
  }

  /// Removes the row at a position, and tells `moved` of rows that now lie elsewhere.
  ///
  /// - Complexity: O(rows of a chunk) amortised O(1): a chunk is given up only when more of its
  ///   rows have died than have to move.
  mutating func remove(at position: RowPosition, moved: (UInt64, RowPosition) -> Void) {
    let index = self.index(of: position.chunk)
    let row = Int(position.row)
    living.remove(length: Int(chunks[index].heads[row].length))
    chunks[index].kill(row)
    guard chunks[index].isMostlyDead else { return }
    let given = chunks.remove(at: index)
    for row in given.heads.indices where !given.isDead(row) {
      let id = given.heads[row].id
      moved(id, place(given.terms(of: row), id: id))
    }
  }

  /// The terms of the row at a position.
  func terms(at position: RowPosition) -> RowTerms {
    chunks[index(of: position.chunk)].terms(of: Int(position.row))
  }

  private mutating func place(_ terms: RowTerms, id: UInt64) -> RowPosition {
    if chunks.last?.isFull ?? true {
      chunks.append(RowChunk(serial: nextSerial))
      nextSerial += 1
    }
    let last = chunks.count - 1
    let row = chunks[last].append(terms, id: id)
    return RowPosition(chunk: chunks[last].serial, row: UInt32(row))
  }

  /// The index of the chunk with a serial, which must be there.
  private func index(of serial: UInt32) -> Int {
    var low = 0
    var high = chunks.count
    while low < high {
      let middle = (low + high) / 2
      if chunks[middle].serial < serial { low = middle + 1 } else { high = middle }
    }
    precondition(low < chunks.count && chunks[low].serial == serial, "a row without its chunk")
    return low
  }
}

/// What BM25 has to know of all rows of a scope.
struct RowTotals: Sendable {
  private(set) var rows = 0
  private(set) var length = 0

  var isEmpty: Bool { rows == 0 }
  /// The mean number of terms of a row; 0 without rows.
  var meanLength: Double { rows == 0 ? 0 : Double(length) / Double(rows) }

  mutating func add(length: Int) {
    rows += 1
    self.length += length
  }

  mutating func add(_ other: RowTotals) {
    rows += other.rows
    length += other.length
  }

  mutating func remove(length: Int) {
    rows -= 1
    self.length -= length
  }
}
