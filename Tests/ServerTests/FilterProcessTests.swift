import Foundation
import Records
import TestSupport
import Testing

/// Filters as clients and the shell send them.
@Suite struct FilterProcessTests {
  private let travelling: JSONValue = [
    "and": [
      ["field": "metadata.topic", "op": "eq", "value": "travel"],
      ["not": ["field": "metadata.place.city", "op": "in", "value": ["Oslo", "it's"]]],
    ]
  ]

  private func store(_ server: ServerProcess) throws {
    for (content, metadata) in [
      ("We fly to Rome", ["topic": "travel", "place": ["city": "Rome"]]),
      ("We fly to Oslo", ["topic": "travel", "place": ["city": "Oslo"]]),
      ("We fly to a place", ["topic": "travel", "place": ["city": "it's"]]),
      ("We fly a kite", ["topic": "sport"]),
    ] as [(String, JSONValue)] {
      _ = try server.call("add_memory", ["content": .string(content), "metadata": metadata])
    }
  }

  @Test func `the tools take filters, describe them, and say what is wrong with one`() throws {
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(directory.url, options: ["--tools", "all"])
    _ = try server.initialize()
    let tools = try server.request("tools/list")["tools"]?.array ?? []
    for name in ["search_memories", "list_memories"] {
      let tool = tools.first { $0["name"] == .string(name) }
      let filter = tool?["inputSchema"]?["properties"]?["filter"]
      #expect(filter?["type"] == "object")
      let description = try #require(filter?["description"]?.string)
      // The example in the description is itself a filter.
      let example = try #require(description.components(separatedBy: "Example: ").last)
      let json = try JSON.value(JSONValue.self, from: example)
      #expect(throws: Never.self) { try FilterExpression(json) }
    }

    try store(server)
    for strategy in ["hybrid", "semantic", "keyword"] {
      let found = try server.call(
        "search_memories",
        ["query": "fly", "strategy": .string(strategy), "limit": 1, "filter": travelling])
      #expect(found.contents == ["We fly to Rome"], "\(strategy)")
    }
    let listed = try server.call("list_memories", ["filter": ["not": travelling], "limit": 2])
    #expect(listed["total"] == 3 && listed["memories"]?.array?.count == 2)
    let rest = try server.call(
      "list_memories",
      ["filter": ["not": travelling], "limit": 2, "cursor": listed["next_cursor"] ?? .null])
    #expect(rest["total"] == 3 && rest["memories"]?.array?.count == 1)

    for tool in ["search_memories", "list_memories"] {
      var arguments: [String: JSONValue] = [
        "filter": ["field": "metadata.topic", "op": "like", "value": "t%"]
      ]
      if tool == "search_memories" { arguments["query"] = "fly" }
      let error = try server.failure(tool, .object(arguments))
      #expect(error["code"] == "invalid_argument" && error["field"] == "filter")
      #expect(error["message"]?.string?.contains("\"like\" is unknown") == true)
    }
    #expect(try server.close() == 0)
  }

  @Test func `the command line takes a filter as JSON`() throws {
    let directory = try TemporaryDirectory()
    let server = try ServerProcess(directory.url)
    try store(server)
    #expect(try server.close() == 0)

    let (status, output, _) = try search(directory.url, try JSON.text(travelling))
    #expect(status == 0)
    let result = try JSON.value(JSONValue.self, from: output)
    #expect(result.contents == ["We fly to Rome"])
    let nothing = try search(directory.url, #"{"field": "importance", "op": "gt", "value": 2}"#)
    #expect(nothing.status == 1)
    for (text, part) in [
      ("topic = travel", "filter is not JSON"), ("{}", "filter is empty"),
      (#"{"field": "topic", "op": "eq", "value": 1}"#, "filter.field \"topic\" is unknown"),
    ] {
      let refused = try search(directory.url, text)
      #expect(refused.status == 2 && refused.errors.contains(part), "\(refused.errors)")
    }
  }

  private func search(
    _ directory: URL, _ filter: String
  ) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = Checkout.program
    process.arguments = [
      "search", "fly", "--filter", filter, "--json", "--data-directory", directory.path,
      "--model", "hashing",
    ]
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    func text(_ pipe: Pipe) -> String {
      String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }
    let (printed, complaints) = (text(output), text(errors))
    process.waitForEnd()
    return (process.terminationStatus, printed, complaints)
  }
}
