/// Writes JSON text, byte by byte: sorted names, no escaped slashes, no blanks.
///
/// Every reply passes through here, so it makes no values on the way and calls nothing generic.
package struct JSONTextWriter {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  /// - Throws: `EncodingError` for a number that is none.
  package mutating func write(_ value: JSONValue) throws {
    switch value {
    case .null: write(literal: "null")
    case .bool(let flag): write(literal: flag ? "true" : "false")
    case .integer(let integer): write(literal: String(integer))
    case .number(let number): try write(number)
    case .string(let text): write(text)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (position, element) in elements.enumerated() {
        if position > 0 { bytes.append(UInt8(ascii: ",")) }
        try write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members): try write(members)
    }
  }

  /// - Parameter ready: members whose values are JSON text already.
  package mutating func write(
    _ members: [String: JSONValue], ready: [(name: String, text: [UInt8])] = []
  ) throws {
    var names = members.keys.map { (name: $0, ready: Int?.none) }
    for (position, member) in ready.enumerated() { names.append((member.name, position)) }
    names.sort { Self.isOrdered($0.name, $1.name) }
    bytes.append(UInt8(ascii: "{"))
    for (position, name) in names.enumerated() {
      if position > 0 { bytes.append(UInt8(ascii: ",")) }
      write(name.name)
      bytes.append(UInt8(ascii: ":"))
      if let place = name.ready {
        bytes += ready[place].text
      } else if let value = members[name.name] {
        try write(value)
      }
    }
    bytes.append(UInt8(ascii: "}"))
  }

  mutating func write(_ node: JSONNode) throws {
    switch node {
    case .literal(let text): write(literal: text)
    case .string(let text): write(text)
    case .number(let number): try write(number)
    case .value(let value): try write(value)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (position, element) in elements.nodes.enumerated() {
        if position > 0 { bytes.append(UInt8(ascii: ",")) }
        try write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      object.members.sort { Self.isOrdered($0.name, $1.name) }
      for (position, member) in object.members.enumerated() {
        if position > 0 { bytes.append(UInt8(ascii: ",")) }
        write(member.name)
        bytes.append(UInt8(ascii: ":"))
        try write(member.node)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// By bytes, which does not depend on what an alphabet considers equal.
  private static func isOrdered(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  // MARK: Scalars

  private mutating func write(literal text: String) { bytes += text.utf8 }

  private mutating func write(_ number: Double) throws {
    guard number.isFinite else {
      throw EncodingError.invalidValue(
        number, .init(codingPath: [], debugDescription: "JSON has no \(number)."))
    }
    let text = number.description
    // The shortest form that reads back the same, and whole numbers without a fraction.
    write(literal: text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }

  package mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    let utf8 = text.utf8
    if utf8.contains(where: Self.needsEscape) {
      for byte in utf8 { writeEscaped(byte) }
    } else {
      bytes += utf8
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func writeEscaped(_ byte: UInt8) {
    guard Self.needsEscape(byte) else { return bytes.append(byte) }
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    default:
      let digits = Array("0123456789abcdef".utf8)
      bytes += Array("u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
}
