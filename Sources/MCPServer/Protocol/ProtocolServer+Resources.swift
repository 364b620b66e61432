internal import Records

extension ProtocolServer {
  func listResources(_ params: [String: JSONValue]) throws(ProtocolError) -> [String: JSONValue] {
    guard let library else { throw .methodNotFound("resources/list") }
    let cursor = try Self.cursor(params)
    let page = try ask("resources/list") { try library.page(after: cursor, for: caller) }
    var result: [String: JSONValue] = ["resources": .array(page.resources.map(\.json))]
    result["nextCursor"] = page.next.map(JSONValue.string)
    return result
  }

  func listTemplates(_ params: [String: JSONValue]) throws(ProtocolError) -> [String: JSONValue] {
    guard let library else { throw .methodNotFound("resources/templates/list") }
    try Self.refuseCursor(params, "templates")
    return ["resourceTemplates": .array(library.templates(for: caller).map(\.json))]
  }

  func readResource(
    _ params: [String: JSONValue], _ era: Era
  ) throws(ProtocolError) -> [String: JSONValue] {
    guard let library else { throw .methodNotFound("resources/read") }
    guard let uri = params["uri"]?.string else {
      throw .invalidParams("params.uri must be a string.")
    }
    guard let text = try ask("resources/read", { try library.read(uri, for: caller) }) else {
      throw .resourceNotFound(uri, era)
    }
    let content: JSONValue = [
      "uri": .string(uri), "mimeType": "application/json", "text": .string(text),
    ]
    return ["contents": [content]]
  }

  /// Whether a resource is there for this caller, and can change.
  func canSubscribe(to uri: String) -> Bool {
    guard let library, watch != nil else { return false }
    return (try? library.fingerprint(of: uri, for: caller)) != nil
  }

  // MARK: Completion

  func complete(_ params: [String: JSONValue]) throws(ProtocolError) -> [String: JSONValue] {
    guard library != nil || prompts != nil else { throw .methodNotFound("completion/complete") }
    guard let argument = params["argument"]?.object, let name = argument["name"]?.string,
      let typed = argument["value"]?.string
    else {
      throw .invalidParams("params.argument must have a name and a value, both strings.")
    }
    let given = (params["context"]?["arguments"]?.object ?? [:]).compactMapValues(\.string)
    let names = try argumentNames(of: params["ref"])
    guard names.contains(name), let library else { return Self.completion([], total: 0) }
    let found = try ask("completion/complete") {
      try library.completions(of: name, beginning: typed, given: given, for: caller)
    }
    return Self.completion(found.prefix(Self.mostCompletions), total: found.count)
  }

  private static let mostCompletions = 100

  private static func completion(
    _ values: some Sequence<String>, total: Int
  ) -> [String: JSONValue] {
    let values = values.map(JSONValue.string)
    let completion: JSONValue = [
      "values": .array(values), "total": .integer(Int64(total)),
      "hasMore": .bool(values.count < total),
    ]
    return ["completion": completion]
  }

  /// The arguments of a prompt, or the variables of a template.
  private func argumentNames(of reference: JSONValue?) throws(ProtocolError) -> [String] {
    switch reference?["type"]?.string {
    case "ref/prompt":
      guard let name = reference?["name"]?.string, let prompt = prompts?[name] else {
        throw .invalidParams("There is no such prompt.")
      }
      return prompt.arguments(for: caller).map(\.name)
    case "ref/resource":
      guard let uri = reference?["uri"]?.string, let library,
        let template = library.templates(for: caller).first(where: { $0.uri == uri })
      else {
        throw .invalidParams("There is no such template of resources.")
      }
      return template.variables
    default: throw .invalidParams("params.ref must name a prompt or a template of resources.")
    }
  }

  // MARK: Failures

  /// What the body gives, its failures as errors of the protocol.
  func ask<R>(_ method: String, _ body: () throws -> R) throws(ProtocolError) -> R {
    do {
      return try body()
    } catch let error as ServiceError where error.code == .invalidArgument {
      throw .invalidParams(error.message)
    } catch {
      log("\(method): \(error)")
      throw .internalError
    }
  }

  /// The cursor of a list; nil for its first page.
  static func cursor(_ params: [String: JSONValue]) throws(ProtocolError) -> String? {
    switch params["cursor"] {
    case nil, .null: return nil
    case .string(let text): return text
    default: throw .invalidParams("params.cursor must be a string.")
    }
  }

  /// Lists that fit on one page never gave out a cursor.
  static func refuseCursor(
    _ params: [String: JSONValue], _ what: String
  ) throws(ProtocolError) {
    guard try cursor(params) == nil else {
      throw .invalidParams("There is no such cursor: all \(what) are on the first page.")
    }
  }
}
