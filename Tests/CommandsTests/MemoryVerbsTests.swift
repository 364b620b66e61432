import Foundation
import Records
import TestSupport
import Testing

/// `recollect memories …` and `recollect ask`, run as a person or a script would.
@Suite struct MemoryVerbsTests {
  private static let unknown = "019cafb8-d24e-7058-a5c2-64c505d95954"

  private func add(_ data: DataDirectory, _ content: String, _ more: String...) throws -> String {
    let reply = try data.json(["memories", "add", content] + more)
    return try #require(reply["memory"]?["memory_id"]?.string)
  }

  @Test func `a memory is added, merged, changed, restored and deleted`() throws {
    let data = try DataDirectory()
    let id = try add(
      data, "Tea without sugar.", "--user", "ana", "--type", "preference", "--metadata",
      #"{"topic":"tea"}"#, "--importance", "0.8", "--occurred-at", "2026-05-01")
    let again = try data.json(
      "memories", "add", "Tea  without sugar.", "--user", "ana", "--type", "preference",
      "--occurred-at", "2026-05-01")
    #expect(again["outcome"] == "merged" && again["memory"]?["memory_id"] == .string(id))
    let changed = try data.json(
      "memories", "update", id, "--content", "Tea with honey.", "--metadata",
      #"{"topic":null,"cup":1}"#, "--expected-version", "1")
    #expect(changed["memory"]?["version"] == 2)
    #expect(changed["memory"]?["metadata"] == ["cup": 1])
    let stale = try data.run("memories", "update", id, "--type", "fact", "--expected-version", "1")
    #expect(stale.status == 2 && stale.standardError.contains("version 2"))
    let history = try data.json("memories", "history", id)
    let entry = try #require(history["memories"]?.array?.first)
    #expect(entry["content"] == "Tea with honey.")
    #expect(entry["history"]?.array?.first?["content"] == "Tea without sugar.")
    #expect(try data.json("memories", "show", id, "--history") == history)
    let restored = try data.json("memories", "restore", id, "--version", "1")
    #expect(restored["memory"]?["content"] == "Tea without sugar.")
    #expect(restored["memory"]?["version"] == 3)
    #expect(try data.status("memories", "restore", id, "--version", "9") == 1)
    #expect(
      try data.json("memories", "delete", id) == ["memory_id": .string(id), "deleted": true])
    #expect(try data.json("memories", "delete", id, status: 1)["deleted"] == false)
    let missing = try data.json("memories", "show", id, status: 1)
    #expect(missing["memories"] == [] && missing["missing"] == [.string(id)])
  }

  @Test func `a long content comes from standard input, and is shown whole`() throws {
    let data = try DataDirectory()
    let content = String(repeating: "many words ", count: 500) + "and an end"
    let added = try data.json(["memories", "add", "-"], stdin: content + "\n")
    #expect(added["memory"]?["truncated"] == true)
    let id = try #require(added["memory"]?["memory_id"]?.string)
    let shown = try data.json("memories", "show", id)
    #expect(shown["memories"]?.array?.first?["content"] == .string(content))
    #expect(try data.run("memories", "show", id).text.hasSuffix(content + "\n"))
    let line = try data.run("memories", "list").text.split(separator: "\n")[1]
    #expect(line.contains(id) && line.count < 160)
  }

  @Test func `lists are filtered, paged and counted`() throws {
    let data = try DataDirectory()
    let ids = try (0..<5).map {
      try add(
        data, "note \($0)", "--user", "ana", "--type", $0 < 3 ? "fact" : "note", "--metadata",
        #"{"n":\#($0)}"#, "--occurred-at", "2026-0\($0 + 1)-01")
    }
    _ = try add(data, "of ben", "--user", "ben")
    var seen: [String] = []
    var cursor: String?
    repeat {
      let page = try data.json(
        ["memories", "list", "--user", "ana", "--limit", "2"]
          + (cursor.map { ["--cursor", $0] } ?? []))
      #expect(page["total"] == 5)
      seen += page["memories"]?.array?.compactMap { $0["memory_id"]?.string } ?? []
      cursor = page["next_cursor"]?.string
    } while cursor != nil && seen.count <= 5
    #expect(seen == ids.reversed())
    func total(_ options: String...) throws -> JSONValue? {
      try data.json(["memories", "list", "--user", "ana"] + options)["total"]
    }
    #expect(try total("--types", "fact") == 3 && total("--types", "fact, note") == 5)
    func found(_ types: String) throws -> JSONValue? {
      try data.json("search", "note", "--user", "ana", "--types", types)["count"]
    }
    #expect(try found("fact") == 3 && found(" fact, note") == 5)
    for blank in [",", "", " , "] {
      let outcome = try data.run("search", "note", "--user", "ana", "--types", blank)
      #expect(outcome.status == 2 && outcome.standardError.contains("types"))
    }
    #expect(try total("--since", "2026-03-01", "--until", "2026-04-15") == 2)
    #expect(try total("--filter", #"{"field":"metadata.n","op":"gt","value":2}"#) == 2)
    let statistics = try data.json("memories", "stats", "--user", "ana")
    #expect(statistics["total"] == 5 && statistics["by_type"] == ["fact": 3, "note": 2])
    #expect(
      try data.json("memories", "list", "--user", "ana", "--types", "x", status: 1)["total"] == 0)
  }

  @Test func `clearing wants to be confirmed, and stays within what was named`() throws {
    let data = try DataDirectory()
    let session = try #require(
      try data.json("sessions", "create", "--user", "ana")["session"]?["session_id"]?.string)
    for (content, more) in [
      ("in the session", ["--session", session]), ("a fact", ["--user", "ana", "--type", "fact"]),
      ("outside", ["--user", "ana"]), ("of ben", ["--user", "ben"]),
    ] {
      #expect(try data.run(["memories", "add", content] + more).status == 0)
    }
    let refused = try data.run("memories", "clear", "--user", "ana")
    #expect(refused.status == 2 && refused.standardError.contains("ana"))
    #expect(
      try data.json("memories", "clear", "--session", session, "--yes") == ["deleted": 1])
    #expect(
      try data.json("memories", "clear", "--user", "ana", "--types", "fact", "--yes")
        == ["deleted": 1])
    #expect(try data.json("memories", "clear", "--user", "ana", "--yes") == ["deleted": 1])
    #expect(
      try data.json("memories", "clear", "--user", "ana", "--yes", status: 1) == ["deleted": 0])
    #expect(try data.json("memories", "list", "--user", "ben")["total"] == 1)
  }

  @Test func `foreign and unknown memories get one answer, misuse another`() throws {
    let data = try DataDirectory()
    let id = try add(data, "hers", "--user", "ana")
    for verb in [
      ["show"], ["history"], ["delete"], ["update", "--content", "x"],
      ["restore", "--version", "1"],
    ] {
      let foreign = try data.run(["memories"] + verb + [id, "--user", "ben"])
      let unknown = try data.run(["memories"] + verb + [Self.unknown])
      #expect(foreign.status == 1 && unknown.status == 1, "\(verb)")
      #expect(foreign.standardError == unknown.standardError, "\(verb)")
      #expect(foreign.text.replacing(id, with: Self.unknown) == unknown.text, "\(verb)")
      #expect(try data.run(["memories"] + verb + ["garden"]).status == 2, "\(verb)")
    }
    #expect(try data.json("memories", "list", "--user", "ana")["total"] == 1)
    for misuse in [
      ["add"], ["add", " "], ["add", "x", "--importance", "2"], ["add", "x", "--metadata", "no"],
      ["add", "x", "--occurred-at", "yesterday"], ["add", "x", "--expires-at", "2020-01-01"],
      ["add", "x", "--supersedes", "y"], ["add", "x", "--session", "y"], ["update", id],
      ["update", id, "--content", ""], ["list", "--limit", "0"], ["list", "--filter", "{}"],
      ["list", "--since", "x"], ["list", "--types", ","], ["show"], ["restore", id],
      ["show"] + Array(repeating: id, count: 21),
    ] {
      let outcome = try data.run(["memories"] + misuse + ["--json"])
      #expect(outcome.status == 2 && outcome.text.isEmpty, "\(misuse)")
      #expect(!outcome.standardError.isEmpty, "\(misuse)")
    }
    #expect(try data.status("memories", "add", "x", "--session", Self.unknown) == 1)
    #expect(try data.status("memories", "add", "x", "--supersedes", Self.unknown) == 1)
  }

  @Test func `what the verbs print is what the tools give`() throws {
    let data = try DataDirectory()
    let id = try add(data, "One record.", "--user", "ana")
    _ = try add(data, "Another.", "--user", "ana")
    let given = try data.tools([
      ("get_memory", ["memory_ids": [.string(id), .string(Self.unknown)]]),
      ("list_memories", ["user_id": "ana", "limit": 1]), ("get_memory_stats", ["user_id": "ana"]),
      ("get_memory_context", ["user_id": "ana", "query": "another", "format": "narrative"]),
      ("get_memory_insights", ["user_id": "ana"]),
    ])
    #expect(given[0]["memories"]?.array?.count == 1)
    #expect(try data.json("memories", "show", id, Self.unknown, status: 1) == given[0])
    #expect(try data.json("memories", "list", "--user", "ana", "--limit", "1") == given[1])
    #expect(try data.json("memories", "stats", "--user", "ana") == given[2])
    #expect(
      try data.json(
        "memories", "context", "another", "--user", "ana", "--format", "narrative") == given[3])
    #expect(given[3]["context"]?.string?.contains("Another.") == true)
    #expect(try data.json("memories", "insights", "--user", "ana") == given[4])
    #expect(try data.status("memories", "context", "x", "--user", "nobody") == 1)
    #expect(try data.status("memories", "context", "x", "--max-tokens", "3") == 2)
  }

  @Test func `a session says whose memories are searched and asked`() throws {
    let data = try DataDirectory()
    let session = try #require(
      try data.json("sessions", "create", "--user", "ana")["session"]?["session_id"]?.string)
    let id = try add(data, "The budget review is on Thursday.", "--session", session)
    let found = try data.json("search", "budget review", "--session", session)
    #expect(found["hits"]?.array?.first?["memory"]?["memory_id"] == .string(id))
    #expect(try data.status("search", "budget", "--session", session, "--user", "ben") == 1)
    let answer = try data.json("ask", "When is the budget review?", "--session", session)
    #expect(answer["answered"] == true && answer["session_id"] == .string(session))
    #expect(answer["citations"]?.array?.first?["id"] == .string(id))
    #expect(try data.json("sessions", "stats", session)["interaction_count"] == 1)
    let nothing = try data.json("ask", "Who won the cup?", "--user", "ben", status: 1)
    #expect(nothing["answered"] == false && nothing["citations"] == [])
    #expect(try data.status("ask", "x", "--max-context-items", "0") == 2)
    #expect(try data.status("ask", "x", "--memory-scope", "all") == 2)
    #expect(try data.status("ask", " ") == 2 && data.status("ask") == 2)
    #expect(try data.status("ask", "x", "--session", Self.unknown) == 1)
    #expect(try data.status("sessions", "expire", session) == 0)
    let late = try data.run("ask", "When is the budget review?", "--session", session)
    #expect(late.status == 1 && late.standardError.contains("expired"))
  }

  @Test func `what was stored cannot steer the terminal of whoever reads it`() throws {
    let data = try DataDirectory()
    let content = "red \u{1B}[31malert\u{7} \u{9B}2J\tand a tab"
    let id = try add(data, content)
    for arguments in [["memories", "show", id], ["memories", "list"], ["search", "alert"]] {
      let outcome = try data.run(arguments)
      #expect(outcome.status == 0 && outcome.text.contains("␛[31malert"), "\(arguments)")
      let controls = outcome.text.unicodeScalars.filter {
        $0.properties.generalCategory == .control && $0 != "\n" && $0 != "\t"
      }
      #expect(controls.isEmpty, "\(arguments)")
    }
    let json = try data.json("memories", "show", id)
    #expect(json["memories"]?.array?.first?["content"] == .string(content))
  }
}
