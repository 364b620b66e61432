internal import Foundation

/// The header of an `.npy` file, versions 1.0 to 3.0.
///
/// ```
///   0  "\x93NUMPY"          6
///   6  version              u8 major, u8 minor
///   8  length of the text   u16 in version 1, u32 in 2 and 3
///      a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
///      the elements
/// ```
struct NumpyHeader: Hashable {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// No header of one or two dimensions is nearly as long.
  private static let longest = 65_536

  /// The type of an element, as `<f4`.
  let type: String
  let shape: [Int]
  /// Where the elements begin.
  let dataOffset: Int

  /// Reads and checks the header of a file whose elements are in C order.
  ///
  /// - Throws: `InputError` naming the file and what is wrong with it.
  init(_ file: BinaryFileReader) throws {
    func bytes(_ count: Int, at offset: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      try file.read(into: &bytes, at: offset)
      return bytes
    }
    let start = try bytes(min(10, file.byteCount), at: 0)
    guard start.count == 10, start.starts(with: Self.magic), (1...3).contains(start[6]) else {
      throw InputError(.wrongUse, "\(file.path) is not an .npy file of version 1, 2 or 3.")
    }
    let widthOfLength = start[6] == 1 ? 2 : 4
    let length = try bytes(widthOfLength, at: 8).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.longest else {
      throw InputError(.wrongUse, "\(file.path): the header of \(length) bytes is too long.")
    }
    let text = String(decoding: try bytes(length, at: 8 + widthOfLength), as: UTF8.self)
    dataOffset = 8 + widthOfLength + length
    let unreadable = InputError(.wrongUse, "\(file.path): the .npy header cannot be understood.")
    guard let order = Self.value(of: "fortran_order", in: text),
      let type = Self.value(of: "descr", in: text), let shape = Self.value(of: "shape", in: text)
    else { throw unreadable }
    guard order.hasPrefix("False") else {
      throw InputError(
        .wrongUse,
        "\(file.path) is in Fortran order; save it with numpy.ascontiguousarray(…).")
    }
    guard let type = Self.quoted(type), let shape = Self.tuple(shape) else { throw unreadable }
    self.type = type
    self.shape = shape
  }

  /// The bytes of a header, padded so that the elements begin at a multiple of 64.
  static func bytes(type: String, shape: [Int]) -> [UInt8] {
    let tuple = shape.map { "\($0)," }.joined(separator: " ")
    let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(tuple)), }"
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
    let padding = String(repeating: " ", count: length - text.utf8.count - 1)
    return magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array((text + padding).utf8)
      + [UInt8(ascii: "\n")]
  }

  /// What follows a key of the dictionary.
  private static func value(of key: String, in text: String) -> Substring? {
    for quote in ["'", "\""] {
      guard let found = text.range(of: quote + key + quote) else { continue }
      let rest = text[found.upperBound...].drop { $0 == " " }
      guard rest.first == ":" else { return nil }
      return rest.dropFirst().drop { $0 == " " }
    }
    return nil
  }

  private static func quoted(_ text: Substring) -> String? {
    // The type of a record is a list; no type that we read is.
    guard let quote = text.first, quote == "'" || quote == "\"" else { return "a record" }
    let rest = text.dropFirst()
    return rest.firstIndex(of: quote).map { String(rest[..<$0]) }
  }

  private static func tuple(_ text: Substring) -> [Int]? {
    guard text.first == "(", let end = text.firstIndex(of: ")") else { return nil }
    var shape: [Int] = []
    var elements = 1
    for part in text[text.index(after: text.startIndex)..<end].split(separator: ",") {
      var digits = part.trimmingCharacters(in: .whitespaces)
      if digits.isEmpty { continue }
      // Old Pythons mark their long integers.
      if digits.hasSuffix("L") { digits.removeLast() }
      guard let length = Int(digits), length >= 0 else { return nil }
      let (product, overflow) = elements.multipliedReportingOverflow(by: max(1, length))
      guard !overflow, product <= Int.max / 64 else { return nil }
      elements = product
      shape.append(length)
    }
    return shape
  }
}
