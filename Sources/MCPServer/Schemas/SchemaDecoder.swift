internal import Records

/// Learns the JSON Schema of a type from how it decodes itself.
///
/// The type's `init(from:)` is run once against this decoder, which notes each key that is asked
/// for, with its type, and whether it may be absent. It understands structures of those, arrays,
/// dictionaries with string keys, enumerations of strings that are `CaseIterable`, and what is
/// `SchemaDescribing`. Structures must not contain themselves.
struct SchemaDecoder: Decoder {
  /// Why a type cannot be described.
  struct Unknown: Error, CustomStringConvertible {
    let description: String
  }

  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let type: String
  private let record = ObjectRecord()

  private init(_ type: Any.Type) {
    self.type = String(describing: type)
  }

  /// The schema of a type.
  ///
  /// - Throws: `Unknown` naming a type it does not understand.
  static func schema<T: Decodable>(of type: T.Type) throws -> JSONValue {
    try describe(type).schema
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(RecordingContainer(record))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    throw Unknown(description: "\(type) decodes an array by hand; make it SchemaDescribing")
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    throw Unknown(description: "\(type) decodes a single value by hand; make it SchemaDescribing")
  }

  /// The schema of a type, and a value of it to carry on with.
  fileprivate static func describe<T: Decodable>(
    _ type: T.Type
  ) throws -> (schema: JSONValue, sample: T) {
    if let known = type as? any SchemaDescribing.Type, let sample = known.sample as? T {
      return (try known.schema, sample)
    }
    if let choices = type as? any (CaseIterable & RawRepresentable).Type {
      let cases = choices.rawValues()
      let texts = cases.compactMap { ($0.rawValue as? String).map(JSONValue.string) }
      guard texts.count == cases.count, let sample = cases.first?.value as? T else {
        throw Unknown(description: "\(type) is not an enumeration of strings")
      }
      return (["type": "string", "enum": .array(texts)], sample)
    }
    let decoder = SchemaDecoder(type)
    let sample = try T(from: decoder)
    return (decoder.record.schema, sample)
  }
}

extension CaseIterable where Self: RawRepresentable {
  fileprivate static func rawValues() -> [(value: Any, rawValue: Any)] {
    allCases.map { ($0, $0.rawValue) }
  }
}

/// What became known of one JSON object.
private final class ObjectRecord {
  private var properties: [String: JSONValue] = [:]
  private var required: Set<String> = []

  func note(_ name: String, _ schema: JSONValue, isRequired: Bool) {
    properties[name] = schema
    if isRequired { required.insert(name) }
  }

  // Other members are not forbidden: clients keep schemas, and outputs grow.
  var schema: JSONValue {
    [
      "type": "object", "properties": .object(properties),
      "required": .array(required.sorted().map(JSONValue.string)),
    ]
  }
}

/// Every key is there, with whatever type is asked for; what may be absent is absent.
private struct RecordingContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let codingPath: [any CodingKey] = []
  let allKeys: [Key] = []
  private let record: ObjectRecord

  init(_ record: ObjectRecord) { self.record = record }

  func contains(_ key: Key) -> Bool { true }

  func decodeNil(forKey key: Key) -> Bool { false }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    let (schema, sample) = try SchemaDecoder.describe(type)
    record.note(key.stringValue, schema, isRequired: true)
    return sample
  }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    try absent(type, key)
  }

  // For these types the protocol's own implementations, which ask whether the key is there and then
  // decode it, would be preferred to the generic function above.

  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? {
    try absent(type, key)
  }

  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? {
    try absent(type, key)
  }

  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? {
    try absent(type, key)
  }

  func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? {
    try absent(type, key)
  }

  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    try absent(type, key)
  }

  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    try absent(type, key)
  }

  private func absent<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T? {
    record.note(key.stringValue, try SchemaDecoder.describe(type).schema, isRequired: false)
    return nil
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> { throw unsupported(key) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    throw unsupported(key)
  }

  func superDecoder() throws -> any Decoder {
    throw SchemaDecoder.Unknown(description: "inheritance is not described")
  }

  func superDecoder(forKey key: Key) throws -> any Decoder { throw unsupported(key) }

  private func unsupported(_ key: Key) -> SchemaDecoder.Unknown {
    SchemaDecoder.Unknown(
      description: "\(key.stringValue) is decoded by hand; make its type SchemaDescribing")
  }
}
