package import Records

/// What ties an answer to its request: a string or an integer, echoed with the same type.
package enum RequestID: Hashable, Sendable {
  case string(String)
  case integer(Int64)

  /// Nil for every value that may not be an id: null, fractions, integers beyond 64 bits.
  package init?(_ value: JSONValue) {
    switch value {
    case .string(let text): self = .string(text)
    case .integer(let integer): self = .integer(integer)
    case .null, .bool, .number, .array, .object: return nil
    }
  }

  /// The id as it stands in a message.
  package var json: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .integer(let integer): .integer(integer)
    }
  }
}
