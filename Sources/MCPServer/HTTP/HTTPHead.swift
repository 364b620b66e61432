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
  package func accepts(_ type: String) -> Bool {
    let values = values("accept")
    guard !values.isEmpty else { return true }
    let family = type.prefix { $0 != "/" } + "/*"
    return values.contains { value in
      value.lowercased().split(separator: ",").contains { choice in
        let name = choice.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return name == type || name == "*/*" || name == family
      }
    }
  }

  /// The token of `Authorization: Bearer`, nil when there is none; the scheme in any case.
  package var bearerToken: String? {
    guard let value = only("authorization") else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return Self.trimmed(String(parts[1]))
  }
}
