extension VectorFile {
  /// Writes vectors to an `.npy` or `.fvecs` file.
  static func write(_ matrix: FloatMatrix, to path: String) throws {
    switch FileFormat(path) {
    case .npy:
      let file = try BinaryFileWriter(path)
      try file.write(
        NumpyHeader.bytes(type: "<f4", shape: [matrix.count, matrix.dimension]))
      try file.write(matrix.elements)
    case .fvecs:
      try write(
        (0..<matrix.count).lazy.map { Array(matrix.elements[matrix.range(of: $0..<($0 + 1))]) },
        asRowsTo: path)
    default: throw InputError(.wrongUse, "\(path): vectors are written to .npy or .fvecs.")
    }
  }

  /// Writes lists, each a row of its own length, as `.fvecs`.
  static func write(_ lists: some Sequence<[Float]>, asRowsTo path: String) throws {
    guard FileFormat(path) == .fvecs else {
      throw InputError(.wrongUse, "\(path): scores are written to .fvecs.")
    }
    try FramedRows.write(lists.lazy.map { $0.map { Int32(bitPattern: $0.bitPattern) } }, to: path)
  }
}

/// Rows that each begin with their length: `.ivecs`, and `.fvecs` by its bits.
enum FramedRows {
  private static let wordsOfPiece = 1 << 20

  static func write(_ rows: some Sequence<[Int32]>, to path: String) throws {
    let file = try BinaryFileWriter(path)
    var piece: [Int32] = []
    for row in rows {
      piece.append(Int32(row.count))
      piece.append(contentsOf: row)
      if piece.count >= wordsOfPiece {
        try file.write(piece)
        piece.removeAll(keepingCapacity: true)
      }
    }
    try file.write(piece)
  }

  /// - Throws: `InputError` when the lengths do not add up to the file's.
  static func read(_ path: String) throws -> [[Int32]] {
    let file = try BinaryFileReader(path)
    guard file.byteCount % 4 == 0 else { throw file.truncated }
    var words: [Int32] = []
    for start in stride(from: 0, to: file.byteCount / 4, by: wordsOfPiece) {
      let end = min(start + wordsOfPiece, file.byteCount / 4)
      var piece = [Int32](repeating: 0, count: end - start)
      try file.read(into: &piece, at: 4 * start)
      words.append(contentsOf: piece)
    }
    var rows: [[Int32]] = []
    var next = 0
    while next < words.count {
      let length = Int(words[next])
      guard length >= 0, length < words.count - next else { throw file.truncated }
      rows.append(Array(words[(next + 1)..<(next + 1 + length)]))
      next += 1 + length
    }
    return rows
  }
}
