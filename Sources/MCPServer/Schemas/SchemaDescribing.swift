internal import Records

/// A type whose JSON form is known without decoding it.
protocol SchemaDescribing {
  /// The JSON Schema of its values.
  static var schema: JSONValue { get throws }
  /// Some value, for the initialiser that is being watched.
  static var sample: Self { get }
}

extension String: SchemaDescribing {
  static var schema: JSONValue { ["type": "string"] }
  static var sample: String { "" }
}

extension Bool: SchemaDescribing {
  static var schema: JSONValue { ["type": "boolean"] }
  static var sample: Bool { false }
}

extension Int: SchemaDescribing {
  static var schema: JSONValue { ["type": "integer"] }
  static var sample: Int { 0 }
}

extension Int64: SchemaDescribing {
  static var schema: JSONValue { ["type": "integer"] }
  static var sample: Int64 { 0 }
}

extension Double: SchemaDescribing {
  static var schema: JSONValue { ["type": "number"] }
  static var sample: Double { 0 }
}

extension Float: SchemaDescribing {
  static var schema: JSONValue { ["type": "number"] }
  static var sample: Float { 0 }
}

// MARK: - Records

extension Timestamp: SchemaDescribing {
  static var schema: JSONValue { ["type": "string", "format": "date-time"] }
  static var sample: Timestamp { Timestamp(milliseconds: 0) }
}

extension UserID: SchemaDescribing {
  static var schema: JSONValue { ["type": "string"] }
  static var sample: UserID { UserID(stored: "") }
}

extension RecordID {
  static var schema: JSONValue { ["type": "string"] }
  static var sample: Self { Self(stored: "") }
}

extension SessionID: SchemaDescribing {}

extension MemoryID: SchemaDescribing {}

extension JSONValue: SchemaDescribing {
  /// Anything at all.
  static var schema: JSONValue { [:] }
  static var sample: JSONValue { .null }
}

// MARK: - Collections

extension Array: SchemaDescribing where Element: Decodable {
  static var schema: JSONValue {
    get throws { ["type": "array", "items": try SchemaDecoder.schema(of: Element.self)] }
  }
  static var sample: [Element] { [] }
}

extension Dictionary: SchemaDescribing where Key == String, Value: Decodable {
  static var schema: JSONValue {
    get throws {
      var schema: [String: JSONValue] = ["type": "object"]
      let value = try SchemaDecoder.schema(of: Value.self)
      if value != JSONValue.schema { schema["additionalProperties"] = value }
      return .object(schema)
    }
  }
  static var sample: [String: Value] { [:] }
}
