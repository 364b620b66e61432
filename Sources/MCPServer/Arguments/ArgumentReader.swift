package import Records

/// Hands a tool its arguments, or learns from the tool which arguments it takes.
///
/// A `ToolInput` names every argument once. Reading, the value is checked against the argument's
/// rule and what was not asked for is refused; describing, the rule's schema is recorded and a
/// stand-in returned. So schema and decoding cannot disagree.
package struct ArgumentReader {
  private enum Mode {
    case describing(Caller)
    case reading
  }

  private let mode: Mode
  /// What was sent and not yet asked for.
  private var rest: [String: JSONValue]
  /// Names and rules in the order they were asked for.
  private var names: [String] = []
  private var properties: [String: JSONValue] = [:]
  private var required: [JSONValue] = []

  /// Reads what was sent.
  package init(_ arguments: [String: JSONValue]) {
    mode = .reading
    rest = arguments
  }

  private init(describingFor caller: Caller) {
    mode = .describing(caller)
    rest = [:]
  }

  /// The JSON Schema of an input, as it is for this caller.
  ///
  /// - Throws: what the input's initialiser throws, which it should not do here.
  package static func schema<Input: ToolInput>(
    of input: Input.Type, for caller: Caller
  ) throws -> JSONValue {
    .object(try description(of: input, for: caller).schema)
  }

  /// The schema of an object that is read as arguments are, and what stands in for its value.
  static func description<Input: ToolInput>(
    of input: Input.Type, for caller: Caller = .unbound(default: nil)
  ) throws -> (schema: [String: JSONValue], standIn: Input) {
    var reader = ArgumentReader(describingFor: caller)
    let standIn = try Input(&reader)
    let schema: [String: JSONValue] = [
      "type": "object", "properties": .object(reader.properties),
      "required": .array(reader.required), "additionalProperties": false,
    ]
    return (schema, standIn)
  }

  // MARK: Arguments

  /// An argument that has to be sent.
  ///
  /// - Parameter description: for the model.
  /// - Throws: `invalid_argument` naming it when it is absent, null or breaks its rule.
  package mutating func required<Value>(
    _ name: String, _ rule: ArgumentRule<Value>, _ description: String
  ) throws -> Value {
    switch mode {
    case .describing:
      record(name, rule.schema, description)
      required.append(.string(name))
      return rule.standIn
    case .reading:
      guard let value = take(name) else { throw ServiceError.invalid(name, "is required") }
      return try rule.read(value, ArgumentPlace(name: name))
    }
  }

  /// An argument that may be left out; null counts as left out.
  ///
  /// - Throws: `invalid_argument` naming it when it breaks its rule.
  package mutating func optional<Value>(
    _ name: String, _ rule: ArgumentRule<Value>, _ description: String
  ) throws -> Value? {
    switch mode {
    case .describing:
      record(name, rule.schema, description)
      return nil
    case .reading:
      return try take(name).map { try rule.read($0, ArgumentPlace(name: name)) }
    }
  }

  /// An argument that means the default when it is left out; null counts as left out.
  ///
  /// - Throws: `invalid_argument` naming it when it breaks its rule.
  package mutating func optional<Value>(
    _ name: String, _ rule: ArgumentRule<Value>, default fallback: Value, _ description: String
  ) throws -> Value {
    if case .describing = mode {
      var schema = rule.schema
      schema["default"] = rule.write(fallback)
      record(name, schema, description)
    }
    guard case .reading = mode else { return fallback }
    return try take(name).map { try rule.read($0, ArgumentPlace(name: name)) } ?? fallback
  }

  /// The user the call is about.
  ///
  /// A caller who is bound to one user is not told of this argument. When such a caller sends it
  /// nevertheless it is read all the same, for `Authority` to answer.
  ///
  /// - Throws: `invalid_argument` when it is not a user's name.
  package mutating func user(
    _ description: String = "Whose memories; leave it out for your own user."
  ) throws -> UserID? {
    if case .describing(.bound) = mode { return nil }
    return try optional("user_id", .user, description)
  }

  /// Refuses arguments that are well-formed one by one but not together.
  ///
  /// - Parameter field: the argument to name; the message is "`field` `rule`".
  /// - Throws: `invalid_argument` when the condition does not hold; never while describing.
  package func verify(
    _ condition: @autoclosure () -> Bool, _ field: String, _ rule: String
  ) throws(ServiceError) {
    if case .reading = mode, !condition() { throw .invalid(field, rule) }
  }

  /// Refuses what nobody asked for.
  ///
  /// - Throws: `invalid_argument` naming the first such argument and those there are.
  package func finish() throws(ServiceError) {
    guard let unknown = rest.keys.min() else { return }
    let known = names.isEmpty ? "there are none" : names.joined(separator: ", ")
    let name = String(unknown.prefix(64))
    throw ServiceError(
      .invalidArgument, "\(name) is not an argument of this tool; its arguments: \(known).",
      field: name)
  }

  private mutating func take(_ name: String) -> JSONValue? {
    names.append(name)
    let value = rest.removeValue(forKey: name)
    return value == .null ? nil : value
  }

  private mutating func record(
    _ name: String, _ schema: [String: JSONValue], _ description: String
  ) {
    precondition(properties[name] == nil, "the argument \(name) is asked for twice")
    var schema = schema
    schema["description"] = .string(description)
    properties[name] = .object(schema)
  }
}
