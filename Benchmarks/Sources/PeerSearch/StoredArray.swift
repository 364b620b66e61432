import Foundation

/// A failure of the benchmark itself, in words.
struct Complaint: Error, CustomStringConvertible {
  let description: String
}

/// A file of NumPy's format 1.0 or 2.0 in row-major order, read piece by piece.
final class StoredArray<Element: BitwiseCopyable> {
  let shape: [Int]
  private let handle: FileHandle
  private let start: Int

  /// - Parameter type: NumPy's name of the element type that the file must have, as in `<f4`.
  init(_ path: String, type: String) throws {
    handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    guard let front = try handle.read(upToCount: 10).map({ [UInt8]($0) }), front.count == 10,
      Array(front[1...5]) == Array("NUMPY".utf8), front[6] == 1
    else { throw Complaint(description: "\(path) is no NumPy file of format 1.0") }
    let length = Int(front[8]) | Int(front[9]) << 8
    let header = String(
      decoding: try handle.read(upToCount: length) ?? Data(), as: UTF8.self)
    guard header.contains("'\(type)'"), header.contains("'fortran_order': False"),
      let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")")
    else { throw Complaint(description: "\(path) does not hold \(type), row by row") }
    shape = header[open..<close].dropFirst().split(separator: ",").compactMap {
      Int($0.trimmingCharacters(in: .whitespaces))
    }
    start = 10 + length
  }

  /// Elements of one row.
  var width: Int { shape.dropFirst().reduce(1, *) }

  func rows(_ range: Range<Int>) throws -> [Element] {
    guard range.lowerBound >= 0, range.upperBound <= shape.first ?? 1 else {
      throw Complaint(description: "Rows \(range) are beyond the \(shape) of a file")
    }
    let bytes = width * MemoryLayout<Element>.stride
    try handle.seek(toOffset: UInt64(start + range.lowerBound * bytes))
    let data = try handle.read(upToCount: range.count * bytes) ?? Data()
    guard data.count == range.count * bytes else {
      throw Complaint(description: "A file ends before row \(range.upperBound)")
    }
    return unsafe data.withUnsafeBytes { unsafe Array($0.bindMemory(to: Element.self)) }
  }

  func all() throws -> [Element] { try rows(0..<(shape.first ?? 0)) }
}
