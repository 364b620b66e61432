import Foundation

/// A file of NumPy's format 1.0, written piece by piece from the front.
struct ArrayFile {
  private let handle: FileHandle

  /// - Parameters:
  ///   - type: NumPy's name of the element type, as in `<f4`.
  ///   - shape: rows, and elements of a row when there is a second dimension.
  init(_ url: URL, type: String, shape: [Int]) throws {
    try Data().write(to: url)
    handle = try FileHandle(forWritingTo: url)
    let dimensions = shape.map { "\($0)," }.joined(separator: " ")
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(dimensions)), }"
    // The data begin at a multiple of 64 bytes: 10 before the header, and a line feed after it.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    let length = UInt16(header.utf8.count)
    try handle.write(
      contentsOf: Data(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)])
        + Data(header.utf8))
  }

  func append<Element: BitwiseCopyable>(_ elements: [Element]) throws {
    try handle.write(contentsOf: unsafe elements.withUnsafeBytes { unsafe Data($0) })
  }

  /// Writes a whole array of one dimension.
  static func write(_ numbers: [Int], to url: URL) throws {
    let file = try ArrayFile(url, type: "<i8", shape: [numbers.count])
    try file.append(numbers.map { Int64($0).littleEndian })
  }
}
