/// Reads one JSON text (RFC 8259), strictly, in time linear in its bytes.
///
/// What clients send is not read by Foundation's decoder: that one takes UTF-16, a byte order mark
/// and trailing commas for JSON, and needs a microsecond for every number and quadratic time for
/// nested arrays, on the thread that has to answer `ping`. Nor is stored metadata, which filters
/// read by the thousand: of 1.152921504606847e+18 it makes the integer 1152921504606847000, which is
/// another number.
package struct JSONTextReader {
  /// Why a text is not JSON.
  package struct Fault: Error, Hashable {
    package let reason: String
    package let offset: Int
  }

  /// Deeper nesting is refused: reading recurses once for each level.
  static let maximumDepth = 256

  private let bytes: [UInt8]
  private let refusesRepeatedNames: Bool
  private var position = 0

  private init(_ bytes: [UInt8], refusesRepeatedNames: Bool) {
    self.bytes = bytes
    self.refusesRepeatedNames = refusesRepeatedNames
  }

  /// The value that the text stands for; of members with equal names the last counts.
  ///
  /// - Parameter refusesRepeatedNames: for what a person writes, where an equal name is a mistake.
  package static func value(
    of bytes: [UInt8], refusesRepeatedNames: Bool = false
  ) throws(Fault) -> JSONValue {
    var reader = JSONTextReader(bytes, refusesRepeatedNames: refusesRepeatedNames)
    let value = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.position == bytes.count else { throw reader.fault("something follows the value") }
    return value
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(Fault) -> JSONValue {
    skipBlanks()
    guard let first = peek() else { throw fault("the text ends too early") }
    switch first {
    case UInt8(ascii: "{"): return .object(try members(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try elements(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func members(depth: Int) throws(Fault) -> [String: JSONValue] {
    guard depth <= Self.maximumDepth else { throw fault("it is nested too deeply") }
    var members: [String: JSONValue] = [:]
    position += 1
    skipBlanks()
    if take("}") { return members }
    repeat {
      skipBlanks()
      guard peek() == UInt8(ascii: "\"") else { throw fault("a member's name is missing") }
      let name = try string()
      skipBlanks()
      guard take(":") else { throw fault("a colon is missing") }
      if refusesRepeatedNames, members[name] != nil { throw fault("\(name) stands in it twice") }
      members[name] = try value(depth: depth)
      skipBlanks()
    } while take(",")
    guard take("}") else { throw fault("an object is not closed") }
    return members
  }

  private mutating func elements(depth: Int) throws(Fault) -> [JSONValue] {
    guard depth <= Self.maximumDepth else { throw fault("it is nested too deeply") }
    var elements: [JSONValue] = []
    position += 1
    skipBlanks()
    if take("]") { return elements }
    repeat {
      elements.append(try value(depth: depth))
      skipBlanks()
    } while take(",")
    guard take("]") else { throw fault("an array is not closed") }
    return elements
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
    for letter in word.description.utf8 {
      guard peek() == letter else { throw fault("an unknown word") }
      position += 1
    }
    return value
  }

  // MARK: Numbers

  private mutating func number() throws(Fault) -> JSONValue {
    let start = position
    _ = take("-")
    // No leading zeros: 0 stands alone.
    if !take("0") { try digits() }
    var isWhole = true
    if take(".") {
      isWhole = false
      try digits()
    }
    if take("e") || take("E") {
      isWhole = false
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isWhole, let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw fault("a number is too large") }
    // As `JSON` reads them back: 5.0 is the integer 5.
    if number.magnitude <= 0x1p53, let integer = Int64(exactly: number) { return .integer(integer) }
    return .number(number)
  }

  private mutating func digits() throws(Fault) {
    let start = position
    while let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte { position += 1 }
    guard position > start else { throw fault("a digit is missing") }
  }

  // MARK: Strings

  private mutating func string() throws(Fault) -> String {
    position += 1
    var start = position
    var unescaped: [UInt8]?
    var all: UInt8 = 0
    while let byte = peek() {
      all |= byte
      switch byte {
      case UInt8(ascii: "\""):
        let rest = bytes[start..<position]
        position += 1
        let text =
          if unescaped == nil, all < 0x80 {
            // Of ASCII alone nothing needs a check.
            String(decoding: rest, as: UTF8.self)
          } else if let unescaped {
            String(validating: unescaped + rest, as: UTF8.self)
          } else {
            String(validating: rest, as: UTF8.self)
          }
        guard let text else { throw fault("a string is not UTF-8") }
        return text
      case UInt8(ascii: "\\"):
        var text = unescaped ?? []
        unescaped = nil  // so that the array is not shared while it grows
        text += bytes[start..<position]
        text += try escaped().utf8
        unescaped = text
        start = position
      case 0..<0x20: throw fault("a control character stands in a string")
      default: position += 1
      }
    }
    throw fault("a string is not closed")
  }

  private mutating func escaped() throws(Fault) -> String {
    position += 1
    guard let letter = peek() else { throw fault("the text ends too early") }
    position += 1
    switch letter {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return String(Character(try scalar()))
    default: throw fault("an unknown escape")
    }
  }

  /// The scalar of one `\u` escape, or of two that form a surrogate pair.
  private mutating func scalar() throws(Fault) -> Unicode.Scalar {
    let unit = try hexadecimal()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    if UTF16.isLeadSurrogate(unit), take("\\"), take("u") {
      let trail = try hexadecimal()
      if UTF16.isTrailSurrogate(trail) {
        let value = 0x10000 + ((UInt32(unit) & 0x3FF) << 10) + (UInt32(trail) & 0x3FF)
        if let scalar = Unicode.Scalar(value) { return scalar }
      }
    }
    throw fault("half of a surrogate pair")
  }

  private mutating func hexadecimal() throws(Fault) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw fault("an escape wants four hexadecimal digits")
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }

  // MARK: Bytes

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private func fault(_ reason: String) -> Fault { Fault(reason: reason, offset: position) }
}
