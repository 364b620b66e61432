import Records
import TestSupport

/// Random memories and filters, and what a filter means, worked out in another way than the product
/// does: from the JSON of the expression, with tables of what comes before what.
enum FilterOracle {
  // MARK: What there is to draw from

  /// Numbers by value, ascending; those in one row are equal.
  private static let numbers: [[JSONValue]] = [
    [.number(-1e300)], [.integer(.min), .number(-0x1p63)], [-2, .number(-2)], [-0.5],
    [0, .number(0), .number(-0.0)], [0.1], [0.25], [1, .number(1)], [1.5], [2],
    [9_007_199_254_740_992, .number(0x1p53)], [9_007_199_254_740_993], [.integer(.max)],
    [.number(0x1p63)], [.number(1e300)],
  ]

  /// Texts by scalar, ascending.
  private static let texts = [
    "", "\"", "'", "')--", "1", "1.0", "A", "Travel", "\\u0041", "a", "a' OR '1'='1",
    "cafe\u{301}", "caf\u{E9}", "fact", "null", "travel", "true", "x' UNION SELECT 1 --", "\u{E9}",
    "日本", "\u{FFFD}", "\u{1F600}",
  ]

  private static let keys = [
    "topic", "n", "a\"b", "it's", "x')--", "日本", "$", "tags[0]", "caf\u{E9}", "]", "?1", " ",
  ]

  static let types = ["conversation", "fact", "note' --", "日本"]

  private static let times = (0..<6).map {
    Timestamp(milliseconds: 1_790_000_000_000 + $0 * 12 * 3_600_000)
  }

  // MARK: Memories

  static func metadata(_ generator: inout SeededGenerator) -> [String: JSONValue] {
    members(.random(in: 0...5, using: &generator), depth: 3, &generator)
  }

  static func importance(_ generator: inout SeededGenerator) -> Double {
    [0, 0.1, 0.25, 1].randomElement(using: &generator) ?? 0
  }

  static func time(_ generator: inout SeededGenerator) -> Timestamp? {
    times.randomElement(using: &generator)
  }

  private static func members(
    _ count: Int, depth: Int, _ generator: inout SeededGenerator
  ) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    for _ in 0..<count {
      members[key(&generator)] = value(depth: depth, &generator)
    }
    return members
  }

  private static func key(_ generator: inout SeededGenerator) -> String {
    // The first few often, so that filters and memories meet.
    let common = Bool.random(using: &generator)
    return (common ? keys.prefix(3) : keys[...]).randomElement(using: &generator) ?? ""
  }

  private static func value(depth: Int, _ generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 12 : 8), using: &generator) {
    case 0: .bool(.random(using: &generator))
    case 1: .null
    case 2...4: numbers.randomElement(using: &generator)?.randomElement(using: &generator) ?? 0
    case 5...7: .string(texts.randomElement(using: &generator) ?? "")
    case 8, 9:
      .array(
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in
          value(depth: depth - 1, &generator)
        })
    default: .object(members(.random(in: 0...2, using: &generator), depth: depth - 1, &generator))
    }
  }

  // MARK: Filters

  /// A filter that is often about something that one of the memories has.
  static func filter(
    _ depth: Int, _ memories: [Memory], _ generator: inout SeededGenerator
  ) -> JSONValue {
    switch Int.random(in: 0..<(depth > 1 ? 10 : 4), using: &generator) {
    case 4, 5: return ["not": filter(depth - 1, memories, &generator)]
    case 6...9:
      let parts = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
        filter(depth - 1, memories, &generator)
      }
      return Bool.random(using: &generator) ? ["and": .array(parts)] : ["or": .array(parts)]
    default: return comparison(memories, &generator)
    }
  }

  static func comparison(
    _ memories: [Memory], _ generator: inout SeededGenerator
  ) -> JSONValue {
    let model = memories.randomElement(using: &generator)
    var field = "session_id"
    var operators = ["eq", "ne"]
    let ordered = ["eq", "ne", "gt", "gte", "lt", "lte"]
    var operand: (inout SeededGenerator) -> JSONValue = { _ in
      .string(model?.session?.description.uppercased() ?? "00000000-0000-7000-8000-000000000000")
    }
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: break
    case 1:
      (field, operators) = ("memory_type", ordered + ["contains"])
      operand = { .string((types + texts).randomElement(using: &$0) ?? "") }
    case 2:
      (field, operators) = ("importance", ordered)
      operand = { numbers.randomElement(using: &$0)?.first ?? 0 }
    case 3, 4:
      (field, operators) = (Bool.random(using: &generator) ? "created_at" : "occurred_at", ordered)
      operand = { .string(time(&$0)?.description ?? "") }
    default:
      let (path, found) = path(in: model?.metadata ?? [:], &generator)
      (field, operators) = ("metadata.\(path)", ordered + ["contains"])
      operand = { generator in
        if let found, Int.random(in: 0..<3, using: &generator) > 0 {
          // Often just this value, or a part of it.
          return found.array?.randomElement(using: &generator) ?? found
        }
        return value(depth: 2, &generator)
      }
    }
    let op = (operators + ["in", "exists"]).randomElement(using: &generator) ?? "exists"
    var members: [String: JSONValue] = ["field": .string(field), "op": .string(op)]
    switch op {
    case "exists":
      members["value"] =
        ([nil, true, false] as [JSONValue?]).randomElement(using: &generator) ?? nil
    case "in":
      members["value"] = .array(
        (0..<Int.random(in: 1...4, using: &generator)).map { _ in operand(&generator) })
    case "gt", "gte", "lt", "lte":
      var value = operand(&generator)
      while rank(value) == nil && value.string == nil { value = 1 }
      members["value"] = value
    default: members["value"] = operand(&generator)
    }
    return .object(members)
  }

  private static func path(
    in metadata: [String: JSONValue], _ generator: inout SeededGenerator
  ) -> (String, JSONValue?) {
    var keys: [String] = []
    var place: JSONValue? = .object(metadata)
    repeat {
      let known = place?.object?.keys.sorted().randomElement(using: &generator)
      let name = known ?? key(&generator)
      keys.append(name)
      place = place?[name]
    } while keys.count < 4
      && (place?.object != nil || Int.random(in: 0..<9, using: &generator) == 0)
    return (keys.joined(separator: "."), place)
  }

  // MARK: Meaning

  static func matches(_ filter: JSONValue, _ memory: Memory) -> Bool {
    if let parts = filter["and"]?.array { return parts.filter { !matches($0, memory) }.isEmpty }
    if let parts = filter["or"]?.array { return !parts.filter { matches($0, memory) }.isEmpty }
    if let part = filter["not"] { return matches(part, memory) == false }
    let field = filter["field"]?.string ?? ""
    let found = values(of: field, memory)
    let isTime = field == "created_at" || field == "occurred_at"
    func operand(_ value: JSONValue?) -> JSONValue {
      // Times as they are printed sort as texts do.
      let text = value?.string ?? ""
      if isTime { return .string(Timestamp(text)?.description ?? "") }
      return field == "session_id" ? .string(text.lowercased()) : value ?? .null
    }
    let value = operand(filter["value"])
    switch filter["op"] {
    case "eq": return found.contains { same($0, value) }
    case "ne": return !found.contains { same($0, value) }
    case "in":
      let operands = filter["value"]?.array?.map(operand) ?? []
      return found.contains { value in operands.contains { same(value, $0) } }
    case "gt": return found.contains { precedes(value, $0) }
    case "gte": return found.contains { precedes(value, $0) || comparable(value, $0) }
    case "lt": return found.contains { precedes($0, value) }
    case "lte": return found.contains { precedes($0, value) || comparable($0, value) }
    case "exists": return found.isEmpty == (filter["value"] == false)
    default:
      return found.contains { whole in
        if let elements = whole.array { return elements.contains { same($0, value) } }
        guard let text = whole.string, let part = value.string else { return false }
        let scalars = Array(text.unicodeScalars)
        let wanted = Array(part.unicodeScalars)
        return (0...scalars.count).contains { scalars[$0...].starts(with: wanted) }
      }
    }
  }

  /// The one value of a field, or none.
  private static func values(of field: String, _ memory: Memory) -> [JSONValue] {
    switch field {
    case "memory_type": return [.string(memory.type)]
    case "importance": return [.number(memory.importance)]
    case "session_id": return memory.session.map { [.string($0.description)] } ?? []
    case "created_at": return [.string(memory.createdAt.description)]
    case "occurred_at": return memory.occurredAt.map { [.string($0.description)] } ?? []
    default:
      var places: [JSONValue] = [.object(memory.metadata)]
      for key in field.split(separator: ".").dropFirst() {
        places = places.compactMap { $0[String(key)] }
      }
      return places
    }
  }

  private static func rank(_ value: JSONValue) -> Int? {
    numbers.firstIndex { $0.contains(value) }
  }

  private static func same(_ a: JSONValue, _ b: JSONValue) -> Bool {
    if let a = rank(a), let b = rank(b) { return a == b }
    if let a = a.string, let b = b.string {
      return Array(a.unicodeScalars) == Array(b.unicodeScalars)
    }
    if let a = a.array, let b = b.array {
      return a.count == b.count && !a.indices.contains { !same(a[$0], b[$0]) }
    }
    if let a = a.object, let b = b.object {
      return a.keys == b.keys && !a.keys.contains { !same(a[$0] ?? .null, b[$0] ?? .null) }
    }
    return a == b && a.string == nil
  }

  /// The same, of two numbers or two texts.
  private static func comparable(_ a: JSONValue, _ b: JSONValue) -> Bool {
    same(a, b) && (rank(a) != nil || a.string != nil)
  }

  private static func precedes(_ a: JSONValue, _ b: JSONValue) -> Bool {
    if let a = rank(a), let b = rank(b) { return a < b }
    guard let a = a.string, let b = b.string else { return false }
    return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
  }
}
