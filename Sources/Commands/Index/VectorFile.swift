/// A file of vectors that is read a range of rows at a time.
///
/// `.npy` holds float32 in C order; `.fvecs` and `.bvecs` hold, row by row, the dimension (i32) and
/// then that many f32 or u8. Only what is asked for is in memory.
struct VectorFile {
  private enum Format {
    case numpy(dataOffset: Int)
    /// Rows that each begin with their dimension.
    case floats
    case bytes
  }

  let path: String
  let count: Int
  let dimension: Int
  private let file: BinaryFileReader
  private let format: Format

  /// Opens a file and finds how many vectors of which dimension it holds.
  ///
  /// - Throws: `InputError` naming the file and what is wrong with it.
  init(_ path: String) throws {
    self.path = path
    switch FileFormat(path) {
    case .npy:
      file = try BinaryFileReader(path)
      let header = try NumpyHeader(file)
      guard header.type == "<f4" else {
        throw InputError(
          .wrongUse,
          "\(path) holds \(header.type); vectors are float32 (<f4): save it with astype('<f4').")
      }
      guard header.shape.count == 2, header.shape[1] > 0 else {
        throw InputError(
          .wrongUse, "\(path) has the shape \(header.shape); vectors are count × dimension.")
      }
      (count, dimension) = (header.shape[0], header.shape[1])
      format = .numpy(dataOffset: header.dataOffset)
      guard file.byteCount - header.dataOffset >= count * dimension * 4 else {
        throw file.truncated
      }
    case .fvecs, .bvecs:
      file = try BinaryFileReader(path)
      let width = FileFormat(path) == .fvecs ? 4 : 1
      format = width == 4 ? .floats : .bytes
      guard file.byteCount >= 4 else {
        throw InputError(.wrongUse, "\(path) is empty: it has no first row to tell the dimension.")
      }
      var first: [Int32] = [0]
      try file.read(into: &first, at: 0)
      guard first[0] > 0, first[0] <= 1 << 24 else {
        throw InputError(.wrongUse, "\(path), row 0, claims \(first[0]) dimensions.")
      }
      dimension = Int(first[0])
      let row = 4 + width * dimension
      count = file.byteCount / row
      guard file.byteCount % row == 0 else { throw file.truncated }
    default:
      throw InputError(
        .wrongUse, "\(path) is not a file of vectors: .npy, .fvecs and .bvecs are.")
    }
  }

  /// Reads all vectors.
  static func matrix(_ path: String) throws -> FloatMatrix {
    let file = try VectorFile(path)
    var elements: [Float] = []
    try file.read(0..<file.count, into: &elements)
    return FloatMatrix(elements: elements, count: file.count, dimension: file.dimension)
  }

  /// Reads consecutive rows, in place of what the array held.
  ///
  /// - Complexity: O(rows × dimension) and one copy; rows of an `.npy` file are read in place.
  func read(_ rows: Range<Int>, into elements: inout [Float]) throws {
    switch format {
    case .numpy(let dataOffset): try readPlain(rows, into: &elements, dataOffset)
    case .floats:
      elements.removeAll(keepingCapacity: true)
      try readFramed(rows, words: dimension + 1, filler: Float(0)) { raw, start in
        elements.append(contentsOf: raw[(start + 1)..<(start + 1 + dimension)])
        return Int(Int32(bitPattern: raw[start].bitPattern))
      }
    case .bytes:
      elements.removeAll(keepingCapacity: true)
      try readFramed(rows, words: dimension + 4, filler: UInt8(0)) { raw, start in
        elements.append(contentsOf: raw[(start + 4)..<(start + 4 + dimension)].lazy.map(Float.init))
        return (0..<4).reduce(0) { $0 | Int(raw[start + $1]) << (8 * $1) }
      }
    }
  }

  /// Reads rows in any order, in place of what the array held; neighbours are read together.
  func read(_ rows: ArraySlice<Int>, into elements: inout [Float]) throws {
    var result: [Float] = []
    var piece: [Float] = []
    var next = rows.startIndex
    while next < rows.endIndex {
      let first = rows[next]
      var length = 1
      while next + length < rows.endIndex, rows[next + length] == first + length { length += 1 }
      next += length
      if length == rows.count { return try read(first..<(first + length), into: &elements) }
      try read(first..<(first + length), into: &piece)
      result.append(contentsOf: piece)
    }
    elements = result
  }

  /// How many rows one call reads: 64 MiB of them.
  private var rowsOfPiece: Int { max(1, (1 << 24) / (dimension + 4)) }

  private func readPlain(
    _ rows: Range<Int>, into elements: inout [Float], _ dataOffset: Int
  ) throws {
    guard rows.count > rowsOfPiece else {
      let wanted = rows.count * dimension
      if elements.count != wanted { elements = [Float](repeating: 0, count: wanted) }
      return try file.read(into: &elements, at: dataOffset + rows.lowerBound * dimension * 4)
    }
    elements.removeAll(keepingCapacity: true)
    elements.reserveCapacity(rows.count * dimension)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsOfPiece) {
      let end = min(start + rowsOfPiece, rows.upperBound)
      var piece = [Float](repeating: 0, count: (end - start) * dimension)
      try file.read(into: &piece, at: dataOffset + start * dimension * 4)
      elements.append(contentsOf: piece)
    }
  }

  private func readFramed<Word: BitwiseCopyable>(
    _ rows: Range<Int>, words: Int, filler: Word, _ take: ([Word], Int) -> Int
  ) throws {
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsOfPiece) {
      let end = min(start + rowsOfPiece, rows.upperBound)
      var raw = [Word](repeating: filler, count: (end - start) * words)
      try file.read(into: &raw, at: start * words * MemoryLayout<Word>.stride)
      for row in start..<end {
        let found = take(raw, (row - start) * words)
        guard found == dimension else {
          throw InputError(
            .wrongUse, "\(path), row \(row), has \(found) dimensions, row 0 has \(dimension).")
        }
      }
    }
  }
}

/// What a file is, by its extension.
enum FileFormat: String {
  case npy, fvecs, bvecs, ivecs
  case other

  init(_ path: String) {
    let name = path.split(separator: "/").last ?? ""
    let suffix = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last
    self = suffix.flatMap { FileFormat(rawValue: $0.lowercased()) } ?? .other
  }
}
