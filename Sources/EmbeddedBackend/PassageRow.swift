internal import VectorEngine

/// Which passage of which memory a vector is of, as one number: its key in the database and its id in
/// the engine.
///
/// The passage stands above the memory, so that the first passages, which nearly all are, lie close
/// together in sets of ids.
struct PassageRow: Hashable {
  let memory: Int64
  /// Counted from 0.
  let passage: Int

  private static let memoryBits: Int64 = 40
  /// A content has a hundred thousand characters, each at most one token; far fewer passages.
  private static let passages = 1 << 22

  /// - Throws: `StorageError` when there are more than a trillion memories.
  init(memory: Int64, passage: Int) throws(StorageError) {
    guard memory >= 0, memory >> Self.memoryBits == 0, (0..<Self.passages).contains(passage) else {
      throw StorageError(.inputOutput, "There are too many memories for one database.")
    }
    self.memory = memory
    self.passage = passage
  }

  /// The passage that has an id.
  init(id: Int64) {
    memory = id & (1 << Self.memoryBits - 1)
    passage = Int(id >> Self.memoryBits)
  }

  /// The passage of a row of the engine.
  init(row: UInt64) { self.init(id: Int64(bitPattern: row)) }

  /// The rows of memories, of which some have several passages.
  static func rows(
    of memories: some Sequence<Int64>, _ counts: [Int64: Int]
  ) throws(StorageError) -> [UInt64] {
    var rows: [UInt64] = []
    for memory in memories {
      for passage in 0..<(counts[memory] ?? 1) {
        rows.append(try PassageRow(memory: memory, passage: passage).row)
      }
    }
    return rows
  }

  var id: Int64 { Int64(passage) << Self.memoryBits | memory }
  var row: UInt64 { UInt64(bitPattern: id) }
}
