import Foundation
import Records
import TestSupport
import Testing

/// `recollect sessions …`, run as a person or a script would.
@Suite struct SessionVerbsTests {
  private static let unknown = "019cafb8-d24e-7058-a5c2-64c505d95954"

  private func open(_ data: DataDirectory, _ user: String, _ name: String) throws -> String {
    let reply = try data.json("sessions", "create", "--user", user, "--name", name)
    return try #require(reply["session"]?["session_id"]?.string)
  }

  @Test func `a session is opened, shown, changed, ended and deleted`() throws {
    let data = try DataDirectory()
    let created = try data.json(
      "sessions", "create", "--user", "ana", "--name", "Budget", "--metadata", #"{"team":"a"}"#)
    #expect(created["expired_sessions"] == [])
    let id = try #require(created["session"]?["session_id"]?.string)
    #expect(created["session"]?["metadata"] == ["team": "a"])
    let shown = try data.json("sessions", "show", id)
    #expect(shown["session"] == created["session"])
    #expect(try data.json("sessions", "show", id.uppercased(), "--user", "ana") == shown)
    let updated = try data.json(
      "sessions", "update", id, "--name", "Budget 2027", "--metadata",
      #"{"team":null,"year":2027}"#)
    #expect(updated["session"]?["name"] == "Budget 2027")
    #expect(updated["session"]?["metadata"] == ["year": 2027])
    #expect(try data.status("memories", "add", "It was cut by 3%.", "--session", id) == 0)
    let statistics = try data.json("sessions", "stats", id)
    #expect(statistics["memory_count"] == 1 && statistics["user_id"] == "ana")
    #expect(statistics["memories_by_type"] == ["conversation": 1])
    let system = try data.json("sessions", "stats")
    #expect(system["active_sessions"] == 1 && system["total_memories"] == 1)
    #expect(try data.json("sessions", "expire", id)["changed"] == true)
    #expect(try data.json("sessions", "expire", id)["changed"] == false)
    #expect(try data.json("sessions", "show", id)["session"]?["status"] == "expired")
    // Nothing may be added to it any more: the answer is "no".
    #expect(try data.status("memories", "add", "too late", "--session", id) == 1)
    let refused = try data.run("sessions", "delete", id)
    #expect(refused.status == 2 && refused.standardError.contains("--yes"))
    let deleted = try data.json("sessions", "delete", id, "--yes")
    #expect(deleted == ["deleted": true, "deleted_memories": 1])
    #expect(
      try data.json("sessions", "delete", id, "--yes", status: 1)
        == ["deleted": false, "deleted_memories": 0])
    #expect(try data.status("sessions", "show", id) == 1)
  }

  @Test func `a deleted session may leave its memories to the user`() throws {
    let data = try DataDirectory()
    let id = try open(data, "ana", "Garden")
    #expect(try data.status("memories", "add", "Plant the beans.", "--session", id) == 0)
    let deleted = try data.json("sessions", "delete", id, "--keep-memories", "--yes")
    #expect(deleted["deleted_memories"] == 0)
    #expect(try data.json("memories", "list", "--user", "ana")["total"] == 1)
  }

  @Test func `pages of the list hold every session once, with the true total`() throws {
    let data = try DataDirectory()
    let ids = try (0..<5).map { try open(data, "ana", "n\($0)") }
    _ = try open(data, "ben", "not ana's")
    var seen: [String] = []
    var cursor: String?
    repeat {
      let page = try data.json(
        ["sessions", "list", "--user", "ana", "--limit", "2"]
          + (cursor.map { ["--cursor", $0] } ?? []))
      #expect(page["total"] == 5)
      seen += page["sessions"]?.array?.compactMap { $0["session_id"]?.string } ?? []
      cursor = page["next_cursor"]?.string
    } while cursor != nil && seen.count <= 5
    #expect(seen == ids.reversed())
    let text = try data.run("sessions", "list", "--user", "ana", "--limit", "2").text
    #expect(text.contains(ids[4]) && text.contains("2 of 5 sessions. Next page: --cursor "))
    #expect(try data.status("sessions", "expire", ids[0]) == 0)
    #expect(try data.json("sessions", "list", "--user", "ana")["total"] == 4)
    #expect(try data.json("sessions", "list", "--user", "ana", "--include-expired")["total"] == 5)
  }

  @Test func `one session too many expires the least recently used, and says which`() throws {
    let data = try DataDirectory()
    let limit = ["RECOLLECT_MAX_SESSIONS_PER_USER": "1"]
    let first = try open(data, "ana", "first")
    let outcome = try data.run(["sessions", "create", "--user", "ana"], environment: limit)
    #expect(outcome.text.contains("Expired \(first)"))
    let successor = try data.json("sessions", "create", "--user", "ana", "--continues", first)
    #expect(successor["session"]?["continues"] == .string(first))
  }

  @Test func `foreign and unknown sessions get one answer, misuse another`() throws {
    let data = try DataDirectory()
    let id = try open(data, "ana", "hers")
    for verb in [["show"], ["stats"], ["expire"], ["update", "--name", "x"], ["delete", "--yes"]] {
      let foreign = try data.run(["sessions"] + verb + [id, "--user", "ben"])
      let unknown = try data.run(["sessions"] + verb + [Self.unknown])
      #expect(foreign.status == 1 && unknown.status == 1, "\(verb)")
      #expect(foreign.standardError == unknown.standardError, "\(verb)")
      #expect(foreign.text == unknown.text, "\(verb)")
      #expect(try data.run(["sessions"] + verb + ["garden"]).status == 2, "\(verb)")
    }
    #expect(try data.json("sessions", "show", id)["session"]?["name"] == "hers")
    for misuse in [
      ["list", "--limit", "0"], ["list", "--limit", "101"], ["list", "--cursor", "x"],
      ["list", "--user", "a/b"], ["create", "--metadata", "{"], ["create", "--metadata", "[]"],
      ["create", "--name", " "], ["create", "--continues", "x"], ["update", id], ["show"],
      ["stats", "--user", "ana"],
    ] {
      let outcome = try data.run(["sessions"] + misuse + ["--json"])
      #expect(outcome.status == 2 && outcome.text.isEmpty, "\(misuse)")
      #expect(!outcome.standardError.isEmpty, "\(misuse)")
    }
    #expect(try data.status("sessions", "create", "--continues", Self.unknown) == 1)
    #expect(try data.json("sessions", "list", "--user", "nobody", status: 1)["total"] == 0)
  }

  @Test func `where sessions are off their verbs say so, naming the setting`() throws {
    let data = try DataDirectory()
    let off = ["RECOLLECT_ENABLE_SESSION_TRACKING": "false"]
    let outcome = try data.run(["sessions", "list"], environment: off)
    #expect(outcome.status == 2)
    #expect(outcome.standardError.contains("RECOLLECT_ENABLE_SESSION_TRACKING"))
    #expect(try data.run(["memories", "add", "works"], environment: off).status == 0)
  }

  @Test func `what the verbs print is what the tools give`() throws {
    let data = try DataDirectory()
    let id = try open(data, "ana", "Same")
    _ = try open(data, "ana", "Other")
    #expect(try data.status("memories", "add", "One record.", "--session", id) == 0)
    let given = try data.tools([
      ("get_session_info", ["session_id": .string(id)]),
      ("list_user_sessions", ["user_id": "ana", "limit": 1]),
      ("get_session_stats", ["session_id": .string(id)]),
    ])
    #expect(try data.json("sessions", "show", id) == given[0])
    #expect(try data.json("sessions", "list", "--user", "ana", "--limit", "1") == given[1])
    #expect(given[1]["next_cursor"] != nil)
    #expect(try data.json("sessions", "stats", id) == given[2])
  }
}
