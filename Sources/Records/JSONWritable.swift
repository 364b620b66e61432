/// What writes its own JSON text, the same that its `encode` would come to, in a fraction of the time.
package protocol JSONWritable: Encodable {
  func write(to writer: inout JSONTextWriter) throws
}

extension JSONTextWriter {
  /// An object whose members the body writes, in the order of their names.
  package mutating func object(_ body: (inout JSONTextWriter) throws -> Void) rethrows {
    bytes.append(UInt8(ascii: "{"))
    try body(&self)
    bytes.append(UInt8(ascii: "}"))
  }

  /// - Parameter name: of letters that need no escape.
  private mutating func begin(_ name: StaticString) {
    // No value ends with it.
    if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
    bytes.append(UInt8(ascii: "\""))
    name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  package mutating func member(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    begin(name)
    write(text)
  }

  package mutating func member(_ name: StaticString, _ integer: Int?) {
    guard let integer else { return }
    begin(name)
    write(Int64(integer))
  }

  package mutating func member(_ name: StaticString, _ number: Double) throws {
    begin(name)
    try write(number)
  }

  package mutating func member(_ name: StaticString, _ flag: Bool?) {
    guard let flag else { return }
    begin(name)
    write(literal: flag ? "true" : "false")
  }

  package mutating func member(_ name: StaticString, _ moment: Timestamp?) {
    guard let moment else { return }
    begin(name)
    write(moment)
  }

  package mutating func member(_ name: StaticString, _ members: [String: JSONValue]) throws {
    begin(name)
    try write(members)
  }

  package mutating func member(_ name: StaticString, _ value: (some JSONWritable)?) throws {
    guard let value else { return }
    begin(name)
    try value.write(to: &self)
  }

  package mutating func member(_ name: StaticString, _ values: [some JSONWritable]) throws {
    begin(name)
    bytes.append(UInt8(ascii: "["))
    for (position, value) in values.enumerated() {
      if position > 0 { bytes.append(UInt8(ascii: ",")) }
      try value.write(to: &self)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func write(_ moment: Timestamp) {
    let (year, month, day, inDay) = moment.parts
    guard (0...9999).contains(year) else { return write(moment.description) }
    bytes.append(UInt8(ascii: "\""))
    write(part: year, 4, UInt8(ascii: "-"))
    write(part: month, 2, UInt8(ascii: "-"))
    write(part: day, 2, UInt8(ascii: "T"))
    write(part: inDay / 3_600_000, 2, UInt8(ascii: ":"))
    write(part: inDay / 60_000 % 60, 2, UInt8(ascii: ":"))
    write(part: inDay / 1000 % 60, 2, UInt8(ascii: "."))
    write(part: inDay % 1000, 3, UInt8(ascii: "Z"))
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func write(part: Int64, _ width: Int, _ separator: UInt8) {
    write(digits: part.magnitude, width: width)
    bytes.append(separator)
  }
}
