/// A dictionary whose copy is cheap to change: it shares all but the nodes on one path.
///
/// A `Dictionary` that a snapshot also holds is copied whole by the next write. Here a write after
/// a snapshot copies one node of `fanOut` children per level and one leaf, whatever the count; a
/// write that nobody else looks at changes the nodes in place.
struct HashTrie<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct Entry: Sendable {
    let key: Key
    var value: Value?
  }

  /// A leaf while it has no children; then a branch without entries.
  private struct Node: Sendable {
    var entries: [Entry] = []
    var children: [Node] = []
  }

  private static var bitsPerLevel: Int { 4 }
  private static var fanOut: Int { 1 << bitsPerLevel }
  /// How many entries a leaf holds before it becomes a branch; they are compared one by one.
  private static var leafCapacity: Int { 16 }

  private var root = Node()
  /// How many keys have a value.
  private(set) var count = 0

  /// The value of a key.
  ///
  /// - Complexity: O(log n) on average.
  subscript(key: Key) -> Value? {
    var node = root
    var hash = Self.hash(of: key)
    while !node.children.isEmpty {
      node = node.children[Int(hash & UInt(Self.fanOut - 1))]
      hash >>= UInt(Self.bitsPerLevel)
    }
    return node.entries.first { $0.key == key }?.value
  }

  /// Lets `body` look at the value of a key, set it, change it in place, or remove it by nil.
  ///
  /// - Complexity: O(log n) on average, with at most one copied node a level.
  mutating func withValue<R>(of key: Key, _ body: (inout Value?) -> R) -> R {
    var change = 0
    let result = Self.withValue(of: key, Self.hash(of: key), level: 0, in: &root) { value in
      let before = value == nil ? 0 : 1
      let result = body(&value)
      change = (value == nil ? 0 : 1) - before
      return result
    }
    count += change
    return result
  }

  /// Shows every value to `body`, in no particular order.
  func forEachValue(_ body: (Value) -> Void) {
    Self.forEachValue(in: root, body)
  }

  private static func hash(of key: Key) -> UInt {
    UInt(bitPattern: key.hashValue)
  }

  private static func withValue<R>(
    of key: Key, _ hash: UInt, level: Int, in node: inout Node, _ body: (inout Value?) -> R
  ) -> R {
    guard node.children.isEmpty else {
      return withValue(
        of: key, hash >> UInt(bitsPerLevel), level: level + 1,
        in: &node.children[Int(hash & UInt(fanOut - 1))], body)
    }
    let position = node.entries.firstIndex { $0.key == key } ?? node.entries.count
    if position == node.entries.count { node.entries.append(Entry(key: key, value: nil)) }
    let result = body(&node.entries[position].value)
    if node.entries[position].value == nil {
      node.entries.swapAt(position, node.entries.count - 1)
      node.entries.removeLast()
    } else if node.entries.count > leafCapacity, (level + 1) * bitsPerLevel < UInt.bitWidth {
      split(&node, level: level)
    }
    return result
  }

  /// Makes a full leaf a branch. It stays one when its keys are removed: the nodes of a trie are as
  /// many as its largest count needed.
  private static func split(_ node: inout Node, level: Int) {
    var children = [Node](repeating: Node(), count: fanOut)
    for entry in node.entries {
      let hash = hash(of: entry.key) >> UInt(level * bitsPerLevel)
      children[Int(hash & UInt(fanOut - 1))].entries.append(entry)
    }
    node = Node(entries: [], children: children)
  }

  private static func forEachValue(in node: Node, _ body: (Value) -> Void) {
    for entry in node.entries {
      if let value = entry.value { body(value) }
    }
    for child in node.children { forEachValue(in: child, body) }
  }
}
