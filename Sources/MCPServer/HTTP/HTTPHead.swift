/// A request without its body.
package struct HTTPHead: Sendable {
  package let method: String
  /// Without the query.
  package let path: String
  private let fields: [(name: String, value: String)]

  /// - Parameter target: path and query as they were sent.
  /// - Parameter fields: every line, repeated ones as well; names in any case.
  package init(method: String, target: String, fields: [(name: String, value: String)]) {
    self.init(
      method: method, target: target, canonical: fields.map { ($0.name.lowercased(), $0.value) })
  }

  /// - Parameter target: path and query as they were sent.
  /// - Parameter fields: every line, repeated ones as well; names in lower case.
  package init(method: String, target: String, canonical fields: [(name: String, value: String)]) {
    self.method = method
    self.fields = fields
    path = String(target.prefix { $0 != "?" })
  }

  /// The values of a field, each line's by itself, blanks around them removed.
  ///
  /// - Parameter name: in lower case.
  package func values(_ name: String) -> [String] {
    fields.compactMap { field in
      field.name == name ? Self.trimmed(field.value) : nil
    }
  }

  /// The value of a field that is there once; nil when it is not there, or repeated.
  package func only(_ name: String) -> String? {
    let values = values(name)
    return values.count == 1 ? values[0] : nil
  }

  private static func trimmed(_ value: String) -> String {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    guard let first = value.utf8.first, let last = value.utf8.last, isBlank(first) || isBlank(last)
    else { return value }
    let bytes = Array(value.utf8.drop(while: isBlank))
    let end = bytes.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? 0
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// Whether the client takes a kind of answer; without the field it takes any.
  ///
  /// - Parameter type: in lower case.
  package func accepts(_ type: String) -> Bool {
    var isLimited = false
    for field in fields where field.name == "accept" {
      isLimited = true
      for choice in field.value.utf8.split(separator: UInt8(ascii: ",")) {
        let name = Self.type(of: choice)
        if name.elementsEqual(type.utf8) || name.elementsEqual("*/*".utf8) { return true }
        let family = type.utf8.prefix { $0 != UInt8(ascii: "/") }
        if name.starts(with: family), name.dropFirst(family.count).elementsEqual("/*".utf8) {
          return true
        }
      }
    }
    return !isLimited
  }

  /// What stands before the parameters of one choice, in lower case and without blanks.
  private static func type(of choice: Substring.UTF8View) -> [UInt8] {
    var name: [UInt8] = []
    name.reserveCapacity(choice.count)
    for byte in choice {
      if byte == UInt8(ascii: ";") { break }
      if byte == 0x20 || byte == 0x09 { continue }
      name.append(byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
    }
    return name
  }

  /// The token of `Authorization: Bearer`, nil when there is none; the scheme in any case.
  package var bearerToken: String? {
    guard let value = only("authorization") else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return Self.trimmed(String(parts[1]))
  }
}
