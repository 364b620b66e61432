/// Which memories are meant, in the words of a caller: comparisons joined by and, or and not.
///
///     {"and": [filter, …]}   {"or": [filter, …]}   {"not": filter}
///     {"field": "metadata.topic", "op": "eq", "value": "travel"}
///
/// A field is `metadata.` and a key, after further dots a key inside of that object (never a place
/// in an array), or `memory_type`, `importance`, `created_at`, `occurred_at`, `session_id`. A key
/// with a dot in it cannot be named.
///
/// - `eq`, `in` and `contains` compare JSON values of any depth: 1 equals 1.0, true does not equal
///   1, texts are equal when their Unicode scalars are.
/// - `gt`, `gte`, `lt`, `lte` compare numbers with numbers and texts with texts, by Unicode scalars;
///   a stored value of any other kind does not match.
/// - `contains` finds a text in a text, upper and lower case being different, or an element in an
///   array.
/// - `exists` asks whether the field is there (null is there too), or with false whether it is not.
/// - A field that is not there is equal to nothing, so `ne` and `not` of a comparison match there.
/// - Times are ISO 8601, a day meaning its first moment in UTC.
package struct FilterExpression: Hashable, Sendable {
  /// The expression as it was sent.
  package let json: JSONValue
  private let root: Node

  indirect enum Node: Hashable, Sendable {
    case and([Node])
    case or([Node])
    case not(Node)
    case comparison(FilterComparison)
  }

  /// Reads an expression.
  ///
  /// - Throws: `invalid_argument` naming `filter`, for anything unknown, missing or beyond `Limits`;
  ///   the message says where, and what is allowed there.
  package init(_ json: JSONValue) throws(ServiceError) {
    var parser = FilterParser()
    root = try parser.node(json, FilterPlace(), depth: 1)
    self.json = json
  }

  private init(_ json: JSONValue, _ root: Node) {
    self.json = json
    self.root = root
  }

  /// Every memory: each has a type.
  package static let all = FilterExpression(
    ["field": "memory_type", "op": "exists"],
    .comparison(FilterComparison(field: .type, test: .exists(true))))

  /// What callers may name as fields, and as operators.
  package static let fieldNames = FilterField.names
  package static let operatorNames =
    FilterOperator.allCases.map(\.rawValue).joined(separator: ", ")

  /// Whether a memory is meant: this is the definition that every store has to follow.
  package func matches(_ memory: Memory) -> Bool { root.matches(FilterSubject(memory)) }

  /// Whether a memory with these fields is meant.
  package func matches(_ subject: FilterSubject) -> Bool { root.matches(subject) }

  /// Whether it depends on metadata at all.
  package var readsMetadata: Bool { root.readsMetadata }
}

extension FilterExpression.Node {
  func matches(_ subject: FilterSubject) -> Bool {
    switch self {
    case .and(let nodes): nodes.allSatisfy { $0.matches(subject) }
    case .or(let nodes): nodes.contains { $0.matches(subject) }
    case .not(let node): !node.matches(subject)
    case .comparison(let comparison): comparison.matches(subject)
    }
  }

  var readsMetadata: Bool {
    switch self {
    case .and(let nodes), .or(let nodes): nodes.contains(where: \.readsMetadata)
    case .not(let node): node.readsMetadata
    case .comparison(let comparison):
      if case .metadata = comparison.field { true } else { false }
    }
  }
}

/// What of a memory a filter can see.
package struct FilterSubject: Sendable {
  package var session: SessionID?
  package var type: String
  package var metadata: [String: JSONValue]
  package var createdAt: Timestamp
  package var occurredAt: Timestamp?
  package var importance: Double

  package init(
    session: SessionID?, type: String, metadata: [String: JSONValue], createdAt: Timestamp,
    occurredAt: Timestamp?, importance: Double
  ) {
    self.session = session
    self.type = type
    self.metadata = metadata
    self.createdAt = createdAt
    self.occurredAt = occurredAt
    self.importance = importance
  }

  package init(_ memory: Memory) {
    self.init(
      session: memory.session, type: memory.type, metadata: memory.metadata,
      createdAt: memory.createdAt, occurredAt: memory.occurredAt, importance: memory.importance)
  }
}
