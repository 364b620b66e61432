internal import Foundation

/// Files with one key or id for each row: lines of text, or an `.npy` file of integers.
enum KeyFile {
  /// The keys of a file; those of an `.npy` file are their decimal text.
  ///
  /// - Parameters:
  ///   - rows: how many there must be.
  ///   - what: what a row is called in an error, in the plural.
  static func keys(_ path: String, rows: Int, _ what: String = "vectors") throws -> [String] {
    let keys =
      FileFormat(path) == .npy ? try integers(path) { $0.description } : try lines(path)
    try check(path, keys.count, rows, what)
    return keys
  }

  /// The ids of a file, each from 0 to 2⁶⁴−1 and none twice.
  static func ids(_ path: String, rows: Int) throws -> [UInt64] {
    let ids: [UInt64]
    if FileFormat(path) == .npy {
      ids = try integers(path) { number in try id(number, path) }
    } else {
      ids = try lines(path).enumerated().map { line, text in
        guard let id = UInt64(text) else {
          throw InputError(
            .wrongUse, "\(path), line \(line + 1): '\(text)' is not an id from 0 to 2⁶⁴−1.")
        }
        return id
      }
    }
    try check(path, ids.count, rows, "vectors")
    var seen = Set<UInt64>(minimumCapacity: ids.count)
    for (row, id) in ids.enumerated() where !seen.insert(id).inserted {
      let first = ids.firstIndex(of: id) ?? row
      throw InputError(
        .wrongUse, "\(path) gives the id \(id) to both row \(first) and row \(row).")
    }
    return ids
  }

  private static func id(_ number: some BinaryInteger, _ path: String) throws -> UInt64 {
    guard let id = UInt64(exactly: number) else {
      throw InputError(.wrongUse, "\(path): \(number) is not an id from 0 to 2⁶⁴−1.")
    }
    return id
  }

  private static func check(_ path: String, _ found: Int, _ rows: Int, _ what: String) throws {
    guard found == rows else {
      throw InputError(.wrongUse, "\(path) has \(found) rows, but there are \(rows) \(what).")
    }
  }

  // MARK: Integers

  private static func integers<Value>(
    _ path: String, _ value: (any BinaryInteger) throws -> Value
  ) throws -> [Value] {
    let file = try BinaryFileReader(path)
    let header = try NumpyHeader(file)
    guard header.shape.count == 1 else {
      throw InputError(
        .wrongUse, "\(path) has the shape \(header.shape); keys and ids are one column.")
    }
    return switch header.type {
    case "<i4": try numbers(file, header, Int32.self).map(value)
    case "<u4": try numbers(file, header, UInt32.self).map(value)
    case "<i8": try numbers(file, header, Int64.self).map(value)
    case "<u8": try numbers(file, header, UInt64.self).map(value)
    default:
      throw InputError(
        .wrongUse,
        "\(path) holds \(header.type); keys and ids are int32, int64, uint32 or uint64.")
    }
  }

  private static func numbers<Number: FixedWidthInteger & BitwiseCopyable>(
    _ file: BinaryFileReader, _ header: NumpyHeader, _ type: Number.Type
  ) throws -> [Number] {
    let count = header.shape[0]
    guard file.byteCount - header.dataOffset >= count * MemoryLayout<Number>.stride else {
      throw file.truncated
    }
    var numbers: [Number] = []
    let piece = 1 << 22
    for start in stride(from: 0, to: count, by: piece) {
      var part = [Number](repeating: 0, count: min(piece, count - start))
      try file.read(into: &part, at: header.dataOffset + start * MemoryLayout<Number>.stride)
      numbers.append(contentsOf: part)
    }
    return numbers
  }

  // MARK: Lines

  /// The lines of a text; an empty last line is none, and a carriage return is no part of a line.
  private static func lines(_ path: String) throws -> [String] {
    let file = try BinaryFileReader(path)
    var keys: [String] = []
    var rest: [UInt8] = []
    let piece = 1 << 24
    for start in stride(from: 0, to: file.byteCount, by: piece) {
      var part = [UInt8](repeating: 0, count: min(piece, file.byteCount - start))
      try file.read(into: &part, at: start)
      var lineStart = 0
      while let end = part[lineStart...].firstIndex(of: UInt8(ascii: "\n")) {
        keys.append(try key(rest + part[lineStart..<end], path, line: keys.count + 1))
        rest.removeAll(keepingCapacity: true)
        lineStart = end + 1
      }
      rest += part[lineStart...]
    }
    if !rest.isEmpty { keys.append(try key(rest, path, line: keys.count + 1)) }
    return keys
  }

  private static func key(_ bytes: [UInt8], _ path: String, line: Int) throws -> String {
    let bytes = bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes[...]
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw InputError(.wrongUse, "\(path), line \(line), is not UTF-8.")
    }
    return text
  }
}
