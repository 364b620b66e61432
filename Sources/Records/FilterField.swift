/// A field of a memory that a filter can name.
///
/// Whatever a field holds is seen as JSON, times as milliseconds, and a caller's value is turned
/// into the same form: so one comparison serves all fields.
enum FilterField: Hashable, Sendable {
  /// The keys that lead from the metadata to the value.
  case metadata([String])
  case type
  case importance
  case createdAt
  case occurredAt
  case session

  private static let prefix = "metadata"

  /// What callers may name, for messages.
  static let names =
    "metadata.<key>, memory_type, importance, created_at, occurred_at, session_id"

  /// The field of a name; nil when there is none.
  init?(_ name: String) {
    switch name {
    case "memory_type": self = .type
    case "importance": self = .importance
    case "created_at": self = .createdAt
    case "occurred_at": self = .occurredAt
    case "session_id": self = .session
    default:
      // By scalars: as a character, a dot and an accent that follows it would be one.
      let keys = name.unicodeScalars.split(separator: ".", omittingEmptySubsequences: false)
        .map { String($0) }
      guard keys.count > 1, keys[0] == Self.prefix, !keys.contains("") else { return nil }
      self = .metadata(Array(keys.dropFirst()))
    }
  }

  /// The operators that say something about such a field.
  var operators: [FilterOperator] {
    switch self {
    case .metadata, .type: FilterOperator.allCases
    case .importance, .createdAt, .occurredAt: FilterOperator.allCases.filter { $0 != .contains }
    case .session: [.eq, .ne, .in, .exists]
    }
  }

  /// What the field holds; nil when it is not there.
  func value(in subject: FilterSubject) -> JSONValue? {
    switch self {
    case .metadata(let keys):
      keys.dropFirst().reduce(keys.first.flatMap { subject.metadata[$0] }) { $0?[$1] }
    case .type: .string(subject.type)
    case .importance: .number(subject.importance)
    case .createdAt: .integer(subject.createdAt.milliseconds)
    case .occurredAt: subject.occurredAt.map { .integer($0.milliseconds) }
    case .session: subject.session.map { .string($0.description) }
    }
  }

  /// A caller's value in the form that the field's own values have.
  ///
  /// - Throws: `invalid_argument` for a value of the wrong kind.
  func operand(_ value: JSONValue, _ place: FilterPlace) throws(ServiceError) -> JSONValue {
    switch self {
    case .metadata:
      guard value.depth <= Limits.metadataDepth else {
        throw place.invalid("must not be nested deeper than \(Limits.metadataDepth) levels")
      }
      return value
    case .type:
      guard value.string != nil else { throw place.invalid("must be a string for memory_type") }
      return value
    case .importance:
      switch value {
      case .integer, .number: return value
      case .null, .bool, .string, .array, .object:
        throw place.invalid("must be a number for importance")
      }
    case .createdAt, .occurredAt:
      guard let time = value.string.flatMap({ Timestamp($0.trimmed) }) else {
        throw place.invalid(
          "must be an ISO 8601 time such as 2026-11-22 or 2026-11-22T14:05:00Z")
      }
      return .integer(time.milliseconds)
    case .session:
      guard let text = value.string else { throw place.invalid(Self.idRule) }
      do throws(ServiceError) {
        return .string(try SessionID(text).description)
      } catch {
        throw place.invalid(Self.idRule)
      }
    }
  }

  private static let idRule = "must be the id of a session: a UUID, as it was returned"
}
