/// Writes JSON text, byte by byte: sorted names, no escaped slashes, no blanks.
///
/// Every reply passes through here, so it makes no values on the way and calls nothing generic.
package struct JSONTextWriter {
  package internal(set) var bytes: [UInt8] = []

  /// - Parameter capacity: about how many bytes there will be.
  package init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  /// - Throws: `EncodingError` for a number that is none.
  package mutating func write(_ value: JSONValue) throws {
    switch value {
    case .null: write(literal: "null")
    case .bool(let flag): write(literal: flag ? "true" : "false")
    case .integer(let integer): write(integer)
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

  /// - Parameter ready: members whose values are written by somebody else.
  package mutating func write(
    _ members: [String: JSONValue],
    ready: [(name: String, write: (inout JSONTextWriter) throws -> Void)] = []
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
        try ready[place].write(&self)
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
    case .writable(let value): try value.write(to: &self)
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

  mutating func write(literal text: String) { bytes += text.utf8 }

  mutating func write(_ integer: Int64) {
    if integer < 0 { bytes.append(UInt8(ascii: "-")) }
    write(digits: integer.magnitude, width: 1)
  }

  /// Zeros stand before a number that has fewer digits than the width.
  mutating func write(digits number: UInt64, width: Int) {
    var place: UInt64 = 1
    var count = 1
    while number / place >= 10 || count < width {
      place *= 10
      count += 1
    }
    while place > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(number / place % 10))
      place /= 10
    }
  }

  mutating func write(_ number: Double) throws {
    guard number.isFinite else {
      throw EncodingError.invalidValue(
        number, .init(codingPath: [], debugDescription: "JSON has no \(number)."))
    }
    // The shortest form that reads back the same, and whole numbers without a fraction.
    if let whole = Int64(exactly: number), whole.magnitude < 1 << 53, whole != 0 {
      return write(whole)
    }
    let text = number.description
    write(literal: text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
  }

  package mutating func write(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    let escapes = Self.escapes(in: text.utf8.span)
    if escapes == 0 { bytes += text.utf8 } else { write(escaping: text.utf8.span, escapes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// What is JSON text already.
  package mutating func write(ready text: [UInt8]) { bytes += text }

  /// A text that is UTF-8 already, as a string.
  package mutating func write(string utf8: [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    let escapes = Self.escapes(in: utf8.span)
    if escapes == 0 { bytes += utf8 } else { write(escaping: utf8.span, escapes) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// How many bytes escaping adds to a text.
  private static func escapes(in text: Span<UInt8>) -> Int {
    var count = 0
    for position in text.indices { count += added(by: text[position]) }
    return count
  }

  private static func added(by byte: UInt8) -> Int {
    if byte >= 0x20 { return byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 1 : 0 }
    return letter(of: byte) == nil ? 5 : 1
  }

  /// What stands for a control character after the backslash, when it is a letter of its own.
  private static func letter(of control: UInt8) -> UInt8? {
    switch control {
    case 0x08: UInt8(ascii: "b")
    case 0x09: UInt8(ascii: "t")
    case 0x0A: UInt8(ascii: "n")
    case 0x0C: UInt8(ascii: "f")
    case 0x0D: UInt8(ascii: "r")
    default: nil
    }
  }

  /// - Parameter added: how many bytes that takes beyond those of the text.
  private mutating func write(escaping text: Span<UInt8>, _ added: Int) {
    var end = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: text.count + added))
    var room = bytes.mutableSpan
    for position in text.indices {
      let byte = text[position]
      let extra = Self.added(by: byte)
      if extra == 0 {
        room[end] = byte
      } else {
        room[end] = UInt8(ascii: "\\")
        if extra == 1 {
          room[end + 1] = Self.letter(of: byte) ?? byte
        } else {
          room[end + 1] = UInt8(ascii: "u")
          room[end + 2] = UInt8(ascii: "0")
          room[end + 3] = UInt8(ascii: "0")
          room[end + 4] = UInt8(ascii: "0") + byte >> 4
          room[end + 5] = Self.hexadecimal(byte & 15)
        }
      }
      end += extra + 1
    }
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }
}
