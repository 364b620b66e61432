import Foundation

/// How values of ours become JSON text and come back: sorted names, no escaped slashes, no blanks.
package enum JSON {
  /// The text of a value, as UTF-8.
  package static func data(_ value: some Encodable) throws -> Data { Data(try bytes(value)) }

  /// The text of a value, as UTF-8.
  ///
  /// - Throws: what the value's own `encode` throws, and `EncodingError` for a number that is none.
  package static func bytes(_ value: some Encodable) throws -> [UInt8] {
    var writer = JSONTextWriter(capacity: 1024)
    if let value = value as? any JSONWritable {
      try value.write(to: &writer)
    } else {
      try writer.write(try JSONNode(value))
    }
    return writer.bytes
  }

  /// The text of a value.
  package static func text(_ value: some Encodable) throws -> String {
    String(decoding: try bytes(value), as: UTF8.self)
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
