internal import Records

/// Reads the values of the original's records.
enum OriginalValue {
  /// A time: ISO 8601, in UTC where it names no zone, or seconds since 1970.
  static func time(_ value: JSONValue?, _ field: String) throws(ServiceError) -> Timestamp? {
    switch value {
    case nil: return nil
    case .integer(let seconds)?: return try moment(Double(seconds), field)
    case .number(let seconds)?: return try moment(seconds, field)
    case .string(let text)?:
      guard let time = Timestamp(text) else { throw .invalid(field, "is not a time: \(text)") }
      return time
    default: throw .invalid(field, "is not a time")
    }
  }

  private static func moment(_ seconds: Double, _ field: String) throws(ServiceError) -> Timestamp {
    // The year 9999 is the last that can be printed.
    guard (0..<253_402_300_800).contains(seconds) else { throw .invalid(field, "is not a time") }
    return Timestamp(milliseconds: 0).advanced(bySeconds: seconds)
  }

  /// A text; a number counts as the text of it, for ids that were made from clocks.
  static func text(_ value: JSONValue?, _ field: String) throws(ServiceError) -> String? {
    switch value {
    case nil, .null?: nil
    case .string(let text)?: text
    case .integer(let number)?: String(number)
    case .number(let number)?: String(number)
    default: throw .invalid(field, "is not a text")
    }
  }

  static func object(
    _ value: JSONValue?, _ field: String
  ) throws(ServiceError) -> [String: JSONValue] {
    guard let value else { return [:] }
    guard let members = value.object else { throw .invalid(field, "is not an object") }
    return members
  }

  static func count(_ value: JSONValue?) throws(ServiceError) -> Int? {
    switch value {
    case nil: nil
    case .integer(let number)?: Int(number)
    default: throw .invalid("interaction_count", "is not a whole number")
    }
  }

  static func user(_ value: JSONValue?) throws(ServiceError) -> UserID {
    guard let text = try text(value, "user_id") else { throw .invalid("user_id", "is missing") }
    return try UserID(text)
  }

  /// The id that a name of a session becomes, whichever file it stands in.
  static func sessionID(_ name: String) -> SessionID {
    do throws(ServiceError) {
      return try SessionID(name)
    } catch {
      return SessionID(stored: DerivedUUID.of("original/session/\(name)"))
    }
  }
}

/// Metadata of the original, and under one key what has no place of its own here.
struct OriginalMetadata {
  private var own: [String: JSONValue]
  private var noted: [String: JSONValue] = [:]

  init(_ members: [String: JSONValue]) { own = members }

  /// Keeps a value that the record had beside its metadata.
  mutating func note(_ name: String, _ value: JSONValue) { noted[name] = value }

  mutating func note(rest: [String: JSONValue]) {
    noted.merge(rest.filter { $0.value != .null }) { own, _ in own }
  }

  /// Adds members; what the metadata has already stays.
  mutating func merge(_ more: [String: JSONValue]) { own.merge(more) { own, _ in own } }

  /// The whole, values that are nested too deeply as their JSON text.
  var members: [String: JSONValue] {
    get throws {
      var members = own
      if !noted.isEmpty {
        members[own["original"] == nil ? "original" : "original_record"] = .object(noted)
      }
      return try members.mapValues { try Self.shallow($0, Limits.metadataDepth - 1) }
    }
  }

  private static func shallow(_ value: JSONValue, _ depth: Int) throws -> JSONValue {
    guard value.depth > depth else { return value }
    guard depth > 0 else { return .string(try JSON.text(value)) }
    return switch value {
    case .array(let elements): .array(try elements.map { try shallow($0, depth - 1) })
    case .object(let members): .object(try members.mapValues { try shallow($0, depth - 1) })
    default: value
    }
  }
}
