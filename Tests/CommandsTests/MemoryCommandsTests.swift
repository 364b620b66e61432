import Foundation
import Records
import TestSupport
import Testing

/// The commands over memories, run as a person or a script would.
@Suite struct MemoryCommandsTests {
  private func run(_ arguments: String...) throws -> RecollectProcess.Outcome {
    try RecollectProcess().run(arguments)
  }

  private var sample: String {
    Checkout.root.appendingPathComponent("data/sample/conversations.jsonl").path
  }

  private func json(_ outcome: RecollectProcess.Outcome) throws -> JSONValue {
    try JSON.value(JSONValue.self, from: outcome.standardOutput)
  }

  @Test func `the sample is imported once, found, and exported to the same bytes twice`() throws {
    let directory = try TemporaryDirectory()
    func path(_ name: String) -> String { directory.url.appendingPathComponent(name).path }
    let first = try run(
      "import", sample, "--data-directory", path("a"), "--model", "hashing", "--json")
    #expect(first.status == 0)
    let counts = try json(first)
    #expect(counts["sessions"] == 23 && counts["memories"] == 407 && counts["skipped"] == 0)
    let again = try json(
      try run("import", sample, "--data-directory", path("a"), "--model", "hashing", "--json"))
    #expect(again["skipped"] == 430 && again["memories"] == 0)
    let found = try run(
      "search", "Lisbon guesthouse", "--user", "maya", "--data-directory", path("a"), "--model",
      "hashing", "--json", "--limit", "3")
    #expect(found.status == 0)
    let hits = try #require(try json(found)["hits"]?.array)
    #expect(hits.count == 3 && hits.allSatisfy { $0["memory"]?["user_id"] == "maya" })
    let one = try run("export", "--data-directory", path("a"), "--output", path("1.jsonl"))
    #expect(one.status == 0)
    #expect(
      try run("import", path("1.jsonl"), "--data-directory", path("b"), "--model", "hashing")
        .status == 0)
    #expect(
      try run("export", "--data-directory", path("b"), "--output", path("2.jsonl"), "--json")
        .status == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path("1.jsonl")))
    #expect(bytes == (try Data(contentsOf: URL(fileURLWithPath: path("2.jsonl")))))
    #expect(bytes.split(separator: 0x0A).count == 430)
    let maya = try run("export", "--user", "maya", "--data-directory", path("b"))
    #expect(maya.text.split(separator: "\n").count == 118)
    #expect(maya.text.split(separator: "\n").allSatisfy { $0.contains(#""user_id":"maya""#) })
  }

  @Test func `what an import cannot use is named by its line, and nothing after it is stored`()
    throws
  {
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data").path
    let good = #"{"kind":"memory","user_id":"ana","content":"fine"}"#
    for bad in [
      "not json", #"{"kind":"cat"}"#, #"{"kind":"memory","user_id":"ana"}"#,
      #"{"kind":"memory","user_id":"a/b","content":"x"}"#,
      #"{"kind":"memory","user_id":"ana","content":"x","created_at":"yesterday"}"#,
    ] {
      let outcome = try RecollectProcess().run(
        ["import", "-", "--data-directory", data, "--model", "hashing"],
        stdin: Data("\(good)\n\(bad)\n".utf8))
      #expect(outcome.status == 2, "\(bad)")
      #expect(outcome.standardError.contains("line 2"), "\(outcome.standardError)")
    }
    for bad in [
      #"{"kind":"memory","user_id":"ana","content":"x","version":9223372036854775807}"#,
      #"{"kind":"memory","user_id":"ana","content":" "}"#,
      #"{"kind":"session","user_id":"ana","interaction_count":9223372036854775807}"#,
    ] {
      let outcome = try RecollectProcess().run(
        ["import", "-", "--data-directory", data, "--model", "hashing"], stdin: Data(bad.utf8))
      #expect(outcome.status == 2, "\(bad)")
    }
    #expect(
      try run("search", "fine", "--user", "ana", "--data-directory", data, "--model", "hashing")
        .status == 1)
  }

  @Test func `every command explains itself`() throws {
    for command in [
      [], ["serve"], ["search"], ["import"], ["export"], ["embed"], ["model"],
      ["model", "install"],
      ["model", "list"], ["index"], ["eval"], ["demo"],
    ] {
      let outcome = try RecollectProcess().run(command + ["--help"])
      #expect(outcome.status == 0 && outcome.text.contains("USAGE"), "\(command)")
    }
  }

  @Test func `the demonstration runs to its end and prints one document`() throws {
    let outcome = try run(
      "demo", "--sample", Checkout.root.appendingPathComponent("data/sample").path, "--model",
      "hashing", "--json")
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let report = try json(outcome)
    #expect(report["imported"]?["memories"] == 407)
    #expect(report["answers"]?.array?.count == 8)
  }

  @Test func `what is missing or wrong ends with the code of the contract`() throws {
    let directory = try TemporaryDirectory()
    let data = directory.url.path
    #expect(try run("search", "x", "--model", "/nowhere", "--data-directory", data).status == 4)
    #expect(try run("search", "x", "--user", "a/b", "--data-directory", data).status == 2)
    #expect(try run("search", "--data-directory", data).status == 2)
    #expect(try run("bogus").status == 2)
    #expect(try run("import", "/nowhere/file.jsonl", "--data-directory", data).status == 4)
    #expect(
      try run("search", "x", "--data-directory", data, "--model", "hashing").status == 1)
    let damaged = try TemporaryDirectory()
    try Data(repeating: 0x41, count: 9_000)
      .write(to: damaged.url.appendingPathComponent("recollect.sqlite"))
    #expect(
      try run("search", "x", "--data-directory", damaged.url.path, "--model", "hashing").status
        == 3)
  }
}
