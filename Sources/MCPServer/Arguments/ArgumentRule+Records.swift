package import Records

extension ArgumentRule where Value == Timestamp {
  /// A moment, or a day, which means its first moment in UTC.
  package static var time: ArgumentRule<Timestamp> {
    let rule = "must be an ISO 8601 time such as 2026-11-22 or 2026-11-22T14:05:00Z"
    return Self(
      // Not `format: date-time`, which would forbid the days that are accepted.
      schema: ["type": "string"], standIn: Timestamp(milliseconds: 0),
      write: { .string($0.description) },
      read: { value, place in
        guard let time = Timestamp(try place.string(value, or: rule).trimmed) else {
          throw place.invalid(rule)
        }
        return time
      })
  }
}

extension ArgumentRule where Value == UserID {
  /// A user's name.
  package static var user: ArgumentRule<UserID> {
    Self(
      schema: [
        "type": "string", "minLength": 1, "maxLength": .integer(Int64(Limits.userIDLength)),
      ],
      standIn: UserID(stored: "user"), write: { .string($0.description) },
      read: { value, place in
        try UserID(try place.string(value))
      })
  }
}

extension ArgumentRule where Value: RecordID {
  /// The id of a record, in any case.
  package static func id(_ type: Value.Type = Value.self) -> Self {
    let rule = "must be an id: a UUID, as it was returned"
    return Self(
      schema: ["type": "string"], standIn: Value(stored: ""), write: { .string($0.description) },
      read: { value, place in
        let text = try place.string(value, or: rule)
        do throws(ServiceError) {
          return try Value(text)
        } catch {
          // The argument may be called otherwise than the id is.
          throw place.invalid(rule)
        }
      })
  }
}

extension ArgumentRule where Value == RelevanceThreshold {
  /// A number from 0 to 1, or `auto`.
  package static var threshold: ArgumentRule<RelevanceThreshold> {
    let number = ArgumentRule<Double>.number(in: 0...1)
    return Self(
      schema: [
        "anyOf": [
          .object(number.schema),
          ["type": "string", "enum": [.string(RelevanceThreshold.automaticName)]],
        ]
      ], standIn: .none,
      write: {
        switch $0 {
        case .value(let value): .number(value)
        case .automatic: .string(RelevanceThreshold.automaticName)
        }
      },
      read: { value, place in
        if value == .string(RelevanceThreshold.automaticName) { return .automatic }
        guard let minimum = try? number.read(value, place) else {
          throw place.invalid("must be a number from 0 to 1, or auto")
        }
        return .value(minimum)
      })
  }
}
