internal import Records

/// What one argument must look like: its schema, and the check that the schema promises.
package struct ArgumentRule<Value: Sendable>: Sendable {
  var schema: [String: JSONValue] { describe() }
  /// What a description gets in place of a value.
  let standIn: Value
  /// The JSON of a default.
  let write: @Sendable (Value) -> JSONValue
  let read: @Sendable (JSONValue, ArgumentPlace) throws -> Value
  private let describe: @Sendable () -> [String: JSONValue]

  /// - Parameter schema: made when it is asked for, which is once: a rule is made for each call.
  init(
    schema: @autoclosure @escaping @Sendable () -> [String: JSONValue], standIn: Value,
    write: @escaping @Sendable (Value) -> JSONValue,
    read: @escaping @Sendable (JSONValue, ArgumentPlace) throws -> Value
  ) {
    self.standIn = standIn
    self.write = write
    self.read = read
    describe = schema
  }
}

/// Where in the arguments a value stands.
struct ArgumentPlace {
  let name: String
  var index: Int?

  /// The refusal of the value there; the message names the element, the field the argument.
  func invalid(_ rule: String) -> ServiceError {
    let element = index.map { "\(name)[\($0)]" } ?? name
    return ServiceError(.invalidArgument, "\(element) \(rule).", field: name)
  }

  /// The text there.
  func string(_ value: JSONValue, or rule: String = "must be a string") throws -> String {
    guard let text = value.string else { throw invalid(rule) }
    guard !text.utf8.contains(0) else { throw invalid("must not hold the character U+0000") }
    return text
  }
}

// MARK: - Text

extension ArgumentRule where Value == String {
  /// A text of so many characters; unless it may be empty it may not be blank either.
  ///
  /// Characters are Unicode scalars, as JSON Schema counts them.
  package static func text(_ length: ClosedRange<Int>) -> Self {
    Self(schema: schema(ofText: length), standIn: "", write: JSONValue.string) { value, place in
      let text = try place.string(value)
      if length.lowerBound > 0, text.allSatisfy(\.isWhitespace) {
        throw place.invalid("must not be blank")
      }
      let count = text.unicodeScalars.count
      guard length.contains(count) else {
        throw place.invalid(
          "must have \(length.lowerBound) to \(length.upperBound) characters, not \(count)")
      }
      return text
    }
  }

  private static func schema(ofText length: ClosedRange<Int>) -> [String: JSONValue] {
    var schema: [String: JSONValue] = ["type": "string", "maxLength": .integer(length.upperBound)]
    if length.lowerBound > 0 { schema["minLength"] = .integer(length.lowerBound) }
    return schema
  }
}

extension ArgumentRule where Value: RawRepresentable<String> & CaseIterable {
  /// One of the cases of an enumeration, by its raw value.
  package static func choice(of type: Value.Type = Value.self) -> Self {
    guard let first = Value.allCases.first else { preconditionFailure("\(type) has no cases") }
    return Self(
      schema: [
        "type": "string", "enum": .array(Value.allCases.map { .string($0.rawValue) }),
      ], standIn: first,
      write: { .string($0.rawValue) },
      read: { value, place in
        if let text = value.string, let choice = Value(rawValue: text) { return choice }
        let rule = "must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))"
        _ = try place.string(value, or: rule)
        throw place.invalid(rule)
      })
  }
}

// MARK: - Numbers

extension ArgumentRule where Value == Int {
  /// A whole number in a range; 5.0 is one, 5.5, "5" and true are not.
  package static func integer(in range: ClosedRange<Int>) -> Self {
    Self(schema: schema(of: range), standIn: range.lowerBound, write: JSONValue.integer) {
      value, place in
      let whole: Int? =
        switch value {
        case .integer(let integer): Int(exactly: integer)
        case .number(let number): Int(exactly: number)
        case .null, .bool, .string, .array, .object: nil
        }
      guard let whole, range.contains(whole) else {
        throw place.invalid("must be a whole number\(Self.bounds(of: range))")
      }
      return whole
    }
  }

  private static func schema(of range: ClosedRange<Int>) -> [String: JSONValue] {
    var schema: [String: JSONValue] = ["type": "integer"]
    if range.lowerBound > .min { schema["minimum"] = .integer(range.lowerBound) }
    if range.upperBound < .max { schema["maximum"] = .integer(range.upperBound) }
    return schema
  }

  private static func bounds(of range: ClosedRange<Int>) -> String {
    switch (range.lowerBound > .min, range.upperBound < .max) {
    case (true, true): " from \(range.lowerBound) to \(range.upperBound)"
    case (true, false): " of at least \(range.lowerBound)"
    case (false, true): " of at most \(range.upperBound)"
    case (false, false): ""
    }
  }
}

extension ArgumentRule where Value == Double {
  /// A number in a range.
  package static func number(in range: ClosedRange<Double>) -> Self {
    Self(
      schema: [
        "type": "number", "minimum": .number(range.lowerBound),
        "maximum": .number(range.upperBound),
      ],
      standIn: range.lowerBound, write: JSONValue.number
    ) { value, place in
      let number: Double? =
        switch value {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        case .null, .bool, .string, .array, .object: nil
        }
      guard let number, range.contains(number) else {
        throw place.invalid("must be a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
  }
}

extension ArgumentRule where Value == Bool {
  /// true or false.
  package static var flag: Self {
    Self(schema: ["type": "boolean"], standIn: false, write: JSONValue.bool) { value, place in
      guard case .bool(let flag) = value else { throw place.invalid("must be true or false") }
      return flag
    }
  }
}

extension JSONValue {
  fileprivate static func integer(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
