/// A value on its way to text: what its `encode` said, in the order in which it said it.
///
/// Foundation's encoder does the same by way of dictionaries and `Any`, and took half the time of a
/// reply. It treats dates, data and URLs in ways of its own; nothing of ours encodes those.
enum JSONNode {
  case literal(String)
  case string(String)
  case number(Double)
  case value(JSONValue)
  case writable(any JSONWritable)
  case array(Elements)
  case object(Members)

  final class Elements {
    var nodes: [JSONNode] = []
  }

  final class Members {
    var members: [(name: String, node: JSONNode)] = []
  }

  init(_ value: some Encodable) throws {
    switch value {
    case let value as JSONValue: self = .value(value)
    case let text as String: self = .string(text)
    case let value as any JSONWritable: self = .writable(value)
    default:
      let encoder = NodeEncoder()
      try value.encode(to: encoder)
      // A value that encodes nothing is an object without members, as it is for Foundation.
      self = encoder.node ?? .object(Members())
    }
  }
}

/// Takes what one value says of itself.
private final class NodeEncoder: Encoder {
  var node: JSONNode?
  let codingPath: [any CodingKey] = []
  let userInfo: [CodingUserInfoKey: Any] = [:]

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(KeyedNodes<Key>(object: members()))
  }

  /// A value may ask for its container twice, and a part of it may be encoded into the same.
  private func members() -> JSONNode.Members {
    if case .object(let members) = node { return members }
    let members = JSONNode.Members()
    node = .object(members)
    return members
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    let elements = JSONNode.Elements()
    node = .array(elements)
    return UnkeyedNodes(elements: elements)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SingleNode(encoder: self) }
}

extension JSONNode {
  fileprivate init(integer value: some BinaryInteger) { self = .literal(String(value)) }

  /// By way of its shortest text: its nearest double has a longer one.
  fileprivate init(single value: Float) {
    self = .number(Double(value.description) ?? Double(value))
  }
}

private struct KeyedNodes<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let object: JSONNode.Members
  let codingPath: [any CodingKey] = []

  private func add(_ key: Key, _ node: JSONNode) {
    object.members.append((key.stringValue, node))
  }

  func encodeNil(forKey key: Key) { add(key, .literal("null")) }
  func encode(_ value: Bool, forKey key: Key) { add(key, .literal(value ? "true" : "false")) }
  func encode(_ value: String, forKey key: Key) { add(key, .string(value)) }
  func encode(_ value: Double, forKey key: Key) { add(key, .number(value)) }
  func encode(_ value: Float, forKey key: Key) { add(key, JSONNode(single: value)) }
  func encode(_ value: Int, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: Int8, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: Int16, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: Int32, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: Int64, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: UInt, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: UInt8, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: UInt16, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: UInt32, forKey key: Key) { add(key, JSONNode(integer: value)) }
  func encode(_ value: UInt64, forKey key: Key) { add(key, JSONNode(integer: value)) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws { add(key, try JSONNode(value)) }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    let members = JSONNode.Members()
    add(key, .object(members))
    return KeyedEncodingContainer(KeyedNodes<NestedKey>(object: members))
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    let elements = JSONNode.Elements()
    add(key, .array(elements))
    return UnkeyedNodes(elements: elements)
  }

  // No class hierarchies here: a superclass would say its part beside its subclass.
  func superEncoder() -> any Encoder { NodeEncoder() }
  func superEncoder(forKey key: Key) -> any Encoder { NodeEncoder() }
}

private struct UnkeyedNodes: UnkeyedEncodingContainer {
  let elements: JSONNode.Elements
  let codingPath: [any CodingKey] = []

  var count: Int { elements.nodes.count }

  private func add(_ node: JSONNode) { elements.nodes.append(node) }

  func encodeNil() { add(.literal("null")) }
  func encode(_ value: Bool) { add(.literal(value ? "true" : "false")) }
  func encode(_ value: String) { add(.string(value)) }
  func encode(_ value: Double) { add(.number(value)) }
  func encode(_ value: Float) { add(JSONNode(single: value)) }
  func encode(_ value: Int) { add(JSONNode(integer: value)) }
  func encode(_ value: Int8) { add(JSONNode(integer: value)) }
  func encode(_ value: Int16) { add(JSONNode(integer: value)) }
  func encode(_ value: Int32) { add(JSONNode(integer: value)) }
  func encode(_ value: Int64) { add(JSONNode(integer: value)) }
  func encode(_ value: UInt) { add(JSONNode(integer: value)) }
  func encode(_ value: UInt8) { add(JSONNode(integer: value)) }
  func encode(_ value: UInt16) { add(JSONNode(integer: value)) }
  func encode(_ value: UInt32) { add(JSONNode(integer: value)) }
  func encode(_ value: UInt64) { add(JSONNode(integer: value)) }

  func encode<T: Encodable>(_ value: T) throws { add(try JSONNode(value)) }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    let members = JSONNode.Members()
    add(.object(members))
    return KeyedEncodingContainer(KeyedNodes<NestedKey>(object: members))
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    let nested = JSONNode.Elements()
    add(.array(nested))
    return UnkeyedNodes(elements: nested)
  }

  func superEncoder() -> any Encoder { NodeEncoder() }
}

private struct SingleNode: SingleValueEncodingContainer {
  let encoder: NodeEncoder
  let codingPath: [any CodingKey] = []

  func encodeNil() { encoder.node = .literal("null") }
  func encode(_ value: Bool) { encoder.node = .literal(value ? "true" : "false") }
  func encode(_ value: String) { encoder.node = .string(value) }
  func encode(_ value: Double) { encoder.node = .number(value) }
  func encode(_ value: Float) { encoder.node = JSONNode(single: value) }
  func encode(_ value: Int) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: Int8) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: Int16) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: Int32) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: Int64) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: UInt) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: UInt8) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: UInt16) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: UInt32) { encoder.node = JSONNode(integer: value) }
  func encode(_ value: UInt64) { encoder.node = JSONNode(integer: value) }

  func encode<T: Encodable>(_ value: T) throws { encoder.node = try JSONNode(value) }
}
