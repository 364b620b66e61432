internal import VectorEngine

/// Files of neighbours: the ids that each query found, nearest first.
enum NeighborFile {
  /// Writes ids to `.ivecs`, rows of any length, or to `.npy`, a table of UInt64.
  ///
  /// - Throws: `InputError` for what the format cannot hold.
  static func write(_ lists: [[Neighbor]], to path: String) throws {
    switch FileFormat(path) {
    case .ivecs:
      let rows = try lists.map { list in
        try list.map { neighbor in
          guard let id = Int32(exactly: neighbor.id) else {
            throw InputError(
              .wrongUse,
              "\(path): .ivecs cannot hold the id \(neighbor.id), which is above 2147483647; "
                + "write to .npy.")
          }
          return id
        }
      }
      try FramedRows.write(rows, to: path)
    case .npy:
      let length = lists.first?.count ?? 0
      guard lists.allSatisfy({ $0.count == length }) else {
        throw InputError(
          .wrongUse,
          "\(path): not all queries found the same number of neighbours, and .npy holds a full "
            + "table only; write to .ivecs.")
      }
      let file = try BinaryFileWriter(path)
      try file.write(NumpyHeader.bytes(type: "<u8", shape: [lists.count, length]))
      try file.write(lists.flatMap { $0.map(\.id) })
    default: throw InputError(.wrongUse, "\(path): ids are written to .ivecs or .npy.")
    }
  }

  /// Reads the true neighbours of each query.
  static func groundTruth(_ path: String, queries: Int) throws -> [[UInt64]] {
    guard FileFormat(path) == .ivecs else {
      throw InputError(.wrongUse, "\(path): the ground truth is an .ivecs file.")
    }
    let rows = try FramedRows.read(path)
    guard rows.count == queries else {
      throw InputError(
        .wrongUse, "\(path) has \(rows.count) rows, but there are \(queries) queries.")
    }
    return rows.map { $0.map { UInt64(UInt32(bitPattern: $0)) } }
  }
}
