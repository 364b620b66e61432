/// Reads filter expressions, and counts what they may have only so much of.
struct FilterParser {
  private var comparisons = 0

  private static let forms = "and, or, not, or field with op and value"
  private static let names: Set = ["field", "op", "value"]

  /// The node that a value stands for.
  ///
  /// - Parameter depth: 1 for the outermost.
  mutating func node(
    _ json: JSONValue, _ place: FilterPlace, depth: Int
  ) throws(ServiceError) -> FilterExpression.Node {
    guard let members = json.object else {
      throw place.invalid("must be an object with \(Self.forms)")
    }
    guard depth <= Limits.filterDepth else {
      throw place.invalid("is nested deeper than \(Limits.filterDepth) levels")
    }
    guard let name = members.keys.min() else {
      throw place.invalid("is empty; it needs \(Self.forms)")
    }
    if members["field"] != nil || members["op"] != nil {
      return .comparison(try comparison(members, place))
    }
    if let unknown = members.keys.filter({ !["and", "or", "not"].contains($0) }).min() {
      throw place.invalid("has the unknown key \(place.quoted(unknown)); allowed: \(Self.forms)")
    }
    guard members.count == 1, let value = members[name] else {
      throw place.invalid("must have just one of and, or, not; nest them to use several")
    }
    let inside = place.member(name)
    switch name {
    case "not": return .not(try node(value, inside, depth: depth + 1))
    case "and": return .and(try nodes(value, inside, depth: depth + 1))
    default: return .or(try nodes(value, inside, depth: depth + 1))
    }
  }

  private mutating func nodes(
    _ json: JSONValue, _ place: FilterPlace, depth: Int
  ) throws(ServiceError) -> [FilterExpression.Node] {
    guard let elements = json.array, !elements.isEmpty else {
      throw place.invalid("must be an array of at least one filter")
    }
    var nodes: [FilterExpression.Node] = []
    for (index, element) in elements.enumerated() {
      nodes.append(try node(element, place.element(index), depth: depth))
    }
    return nodes
  }

  // MARK: Comparisons

  private mutating func comparison(
    _ members: [String: JSONValue], _ place: FilterPlace
  ) throws(ServiceError) -> FilterComparison {
    if let unknown = members.keys.filter({ !Self.names.contains($0) }).min() {
      throw place.invalid(
        "has the unknown key \(place.quoted(unknown)); a comparison has field, op and value")
    }
    comparisons += 1
    guard comparisons <= Limits.filterComparisons else {
      throw FilterPlace().invalid("has more than \(Limits.filterComparisons) comparisons")
    }
    let field = try field(members["field"], place.member("field"))
    let op = try self.op(members["op"], of: field, place.member("op"))
    return FilterComparison(
      field: field, test: try test(op, members["value"], of: field, place.member("value")))
  }

  private func field(
    _ json: JSONValue?, _ place: FilterPlace
  ) throws(ServiceError) -> FilterField {
    guard let json else { throw place.invalid("is missing; fields: \(FilterField.names)") }
    guard let name = json.string else {
      throw place.invalid("must be a string; fields: \(FilterField.names)")
    }
    try checkTexts(json, place)
    guard let field = FilterField(name) else {
      throw place.invalid("\(place.quoted(name)) is unknown; fields: \(FilterField.names)")
    }
    if case .metadata(let keys) = field, keys.count > Limits.metadataDepth {
      throw place.invalid(
        "names \(keys.count) levels of metadata; there are at most \(Limits.metadataDepth)")
    }
    return field
  }

  private func op(
    _ json: JSONValue?, of field: FilterField, _ place: FilterPlace
  ) throws(ServiceError) -> FilterOperator {
    let allowed =
      "this field has the operators \(field.operators.map(\.rawValue).joined(separator: ", "))"
    guard let json else { throw place.invalid("is missing; \(allowed)") }
    guard let name = json.string else { throw place.invalid("must be a string; \(allowed)") }
    guard let op = FilterOperator(rawValue: name) else {
      throw place.invalid("\(place.quoted(name)) is unknown; \(allowed)")
    }
    guard field.operators.contains(op) else {
      throw place.invalid("\(name) says nothing about it; \(allowed)")
    }
    return op
  }

  private func test(
    _ op: FilterOperator, _ json: JSONValue?, of field: FilterField, _ place: FilterPlace
  ) throws(ServiceError) -> FilterComparison.Test {
    if op == .exists {
      guard case .bool(let wanted) = json ?? .bool(true) else {
        throw place.invalid("must be true or false for exists, or be left out")
      }
      return .exists(wanted)
    }
    guard let json else { throw place.invalid("is missing") }
    if op == .in { return .isOne(try list(json, of: field, place)) }
    try checkTexts(json, place)
    let operand = try field.operand(json, place)
    if let orders = op.orders {
      guard operand.order(to: operand) != nil else {
        throw place.invalid("must be a number or a string for \(op.rawValue)")
      }
      return .isOrdered(orders, operand)
    }
    return switch op {
    case .contains: .contains(operand)
    case .ne: .differs(operand)
    default: .equals(operand)
    }
  }

  private func list(
    _ json: JSONValue, of field: FilterField, _ place: FilterPlace
  ) throws(ServiceError) -> [JSONValue] {
    let counts = Limits.filterListLength
    guard let elements = json.array, counts.contains(elements.count) else {
      throw place.invalid(
        "must be an array of \(counts.lowerBound) to \(counts.upperBound) values for in")
    }
    var operands: [JSONValue] = []
    for (index, element) in elements.enumerated() {
      let place = place.element(index)
      try checkTexts(element, place)
      operands.append(try field.operand(element, place))
    }
    return operands
  }

  private func checkTexts(_ json: JSONValue, _ place: FilterPlace) throws(ServiceError) {
    // A scalar has at least one byte: short texts are not counted.
    let limit = Limits.filterTextLength
    if json.containsString(where: { $0.utf8.count > limit && $0.unicodeScalars.count > limit }) {
      throw place.invalid("must not hold a string of more than \(limit) characters")
    }
    if json.containsString(where: { $0.utf8.contains(0) }) {
      throw place.invalid("must not hold the character U+0000")
    }
  }
}

/// Where in a filter something stands, for messages.
struct FilterPlace {
  private var text = "filter"

  func member(_ name: String) -> FilterPlace { adding(".\(name)") }

  func element(_ index: Int) -> FilterPlace { adding("[\(index)]") }

  /// The refusal of what stands there.
  func invalid(_ rule: String) -> ServiceError {
    ServiceError(.invalidArgument, "\(text) \(rule).", field: "filter")
  }

  /// A caller's word as messages show it.
  func quoted(_ word: String) -> String { "\"\(word.prefix(64))\"" }

  private func adding(_ step: String) -> FilterPlace {
    var place = self
    place.text += step
    return place
  }
}
