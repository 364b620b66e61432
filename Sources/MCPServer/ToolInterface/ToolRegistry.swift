internal import Records

/// The tools of a server, in a fixed order, found by name.
struct ToolRegistry: Sendable {
  /// What `tools/list` shows, in order.
  let definitions: [JSONValue]
  private let tools: [String: RegisteredTool]

  /// Describes every tool as it is for this caller.
  init(_ tools: [any Tool], for caller: Caller) {
    let registered = tools.map { RegisteredTool($0, for: caller) }
    definitions = registered.map(\.definition)
    self.tools = Dictionary(registered.map { ($0.name, $0) }) { _, second in
      preconditionFailure("two tools are named \(second.name)")
    }
  }

  subscript(name: String) -> RegisteredTool? { tools[name] }
}

/// A tool whose types are no longer seen.
struct RegisteredTool: Sendable {
  let name: String
  let definition: JSONValue
  let isReadOnly: Bool
  let isAdministrative: Bool
  private let run: @Sendable ([String: JSONValue], ToolContext) throws -> [UInt8]

  init<T: Tool>(_ tool: T, for caller: Caller) {
    name = T.name
    isReadOnly = T.annotations.isReadOnly
    isAdministrative = T.self is any AdministrativeTool.Type
    definition = [
      "name": .string(T.name),
      "title": .string(T.title),
      "description": .string(T.description),
      "inputSchema": Self.inputSchema(of: T.self, for: caller),
      "outputSchema": Self.outputSchema(of: T.self),
      "annotations": T.annotations.json(title: T.title),
    ]
    run = { arguments, context in
      var reader = ArgumentReader(arguments)
      let input = try T.Input(&reader)
      try reader.finish()
      // A write that nobody waits for any more leaves the queue.
      let output = try Interest.depends(on: { context.cancellation.isCancelled }) {
        try tool.call(input, context)
      }
      return try JSON.bytes(output)
    }
  }

  /// Reads the arguments and does the work; gives the output as the text of its JSON.
  func call(_ arguments: [String: JSONValue], _ context: ToolContext) throws -> [UInt8] {
    try run(arguments, context)
  }

  private static func inputSchema<T: Tool>(of tool: T.Type, for caller: Caller) -> JSONValue {
    do {
      return try ArgumentReader.schema(of: T.Input.self, for: caller)
    } catch {
      preconditionFailure("the input of \(T.name) throws while it is described: \(error)")
    }
  }

  private static func outputSchema<T: Tool>(of tool: T.Type) -> JSONValue {
    do {
      let schema = try SchemaDecoder.schema(of: T.Output.self)
      precondition(schema["type"] == "object", "the output of \(T.name) is not an object")
      return schema
    } catch {
      preconditionFailure("the output of \(T.name) cannot be described: \(error)")
    }
  }
}
