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

  mutating func write(literal text: String) { append(text.utf8.span) }

  mutating func write(_ integer: Int64) {
    if integer < 0 { bytes.append(UInt8(ascii: "-")) }
    write(digits: integer.magnitude, width: 1)
  }

  /// Zeros stand before a number that has fewer digits than the width.
  mutating func write(digits number: UInt64, width: Int) {
    var digits = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
    var first = digits.count
    var rest = number
    repeat {
      first -= 1
      digits[first] += UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    } while rest > 0 || digits.count - first < width
    append(digits.span.extracting(first...))
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
    let digits = text.utf8.span
    let end = digits.count
    let isWhole =
      end > 2 && digits[end - 2] == UInt8(ascii: ".") && digits[end - 1] == UInt8(ascii: "0")
    append(isWhole ? digits.extracting(..<(end - 2)) : digits)
  }

  package mutating func write(_ text: String) { write(string: text.utf8.span) }

  /// What is JSON text already.
  package mutating func write(ready text: [UInt8]) { append(text.span) }

  /// A text that is UTF-8 already, as a string.
  package mutating func write(string utf8: [UInt8]) { write(string: utf8.span) }

  /// Appends many bytes at once, which takes no longer than one.
  mutating func append(_ text: Span<UInt8>) {
    unsafe text.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
  }

  private mutating func write(string text: Span<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    let (marks, controls) = Self.escapes(in: text)
    if controls > 0 {
      write(escaping: text)
    } else if marks > 0 {
      write(text, marks: marks)
    } else {
      append(text)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// How many quotation marks and backslashes a text has, and how many control characters.
  private static func escapes(in text: Span<UInt8>) -> (marks: Int, controls: Int) {
    unsafe text.withUnsafeBufferPointer { text in
      var marks = 0
      var controls = 0
      for position in 0..<text.count {
        let byte = unsafe text[position]
        marks &+= isMark(byte) ? 1 : 0
        controls &+= byte < 0x20 ? 1 : 0
      }
      return (marks, controls)
    }
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  /// Writes a text without control characters that has so many quotation marks and backslashes, as
  /// JSON text within JSON text has many.
  private mutating func write(_ text: Span<UInt8>, marks: Int) {
    let first = bytes.count
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "\\"), count: text.count + marks))
    let end = bytes.count
    unsafe text.withUnsafeBufferPointer { text in
      unsafe bytes.withUnsafeMutableBufferPointer { bytes in
        var place = first
        for position in 0..<text.count {
          let byte = unsafe text[position]
          // A backslash is there already.
          place += Self.isMark(byte) ? 1 : 0
          precondition(place < end)
          unsafe bytes[place] = byte
          place += 1
        }
      }
    }
  }

  /// Writes a text that has control characters.
  private mutating func write(escaping text: Span<UInt8>) {
    for position in text.indices {
      let byte = text[position]
      if byte >= 0x20 {
        if Self.isMark(byte) { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(byte)
      } else if let letter = Self.letter(of: byte) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(letter)
      } else {
        write(literal: "\\u00")
        bytes.append(UInt8(ascii: "0") + byte >> 4)
        bytes.append(Self.hexadecimal(byte & 15))
      }
    }
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

  private static func hexadecimal(_ digit: UInt8) -> UInt8 {
    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
  }
}
