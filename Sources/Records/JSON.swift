import Foundation

/// How values of ours become JSON text and come back: sorted names, no escaped slashes, no blanks.
package enum JSON {
  /// The text of a value, as UTF-8.
  package static func data(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value)
  }

  /// The text of a value.
  package static func text(_ value: some Encodable) throws -> String {
    // JSON of `JSONEncoder` is UTF-8, always.
    String(decoding: try data(value), as: UTF8.self)
  }

  /// The value that a JSON text stands for.
  package static func value<T: Decodable>(_ type: T.Type = T.self, from data: Data) throws -> T {
    try JSONDecoder().decode(type, from: data)
  }

  /// The value that a JSON text stands for.
  package static func value<T: Decodable>(_ type: T.Type = T.self, from text: String) throws -> T {
    try value(type, from: Data(text.utf8))
  }

  /// The members of the object that a text stands for, with every number as it was written.
  package static func members(
    from text: String
  ) throws(JSONTextReader.Fault) -> [String: JSONValue] {
    guard let members = try JSONTextReader.value(of: Array(text.utf8)).object else {
      throw JSONTextReader.Fault(reason: "it is not an object", offset: 0)
    }
    return members
  }
}
