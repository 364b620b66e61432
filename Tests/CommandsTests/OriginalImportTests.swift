import Foundation
import Records
import TestSupport
import Testing

/// `recollect import` of the files of the original Python service; people and texts are invented.
@Suite struct OriginalImportTests {
  private static let first = "3b0f4a52-9f0e-4c55-8a55-1d8a6f0c2e11"

  private static let sessions = """
    {
      "sessions": {
        "\(first)": {
          "id": "\(first)", "user_id": "hana", "name": "Orchard plans",
          "created_at": "2025-07-25T09:48:47.395129", "last_activity": "2025-07-25T10:02:00",
          "status": "expired", "expired_at": "2025-07-26T10:02:00.5", "metadata": {"topic": "trees"},
          "interaction_count": 4, "memory_count": 99, "device": {"os": "linux"}
        },
        "night-shift 7": {
          "id": "night-shift 7", "user_id": "olek", "name": null,
          "created_at": "2025-08-01T22:15:00+02:00", "last_activity": "2025-08-01T22:40:00+02:00",
          "status": "active", "metadata": null, "interaction_count": 0, "memory_count": 1
        }
      },
      "user_sessions": {"hana": ["\(first)"], "olek": ["night-shift 7"]},
      "session_stats": {
        "\(first)": {"created_at": "2025-07-25T09:48:47.395129", "interactions": 4,
          "memories_created": 2, "last_interaction": "2025-07-25T10:01:00",
          "session_info": {"name": "Orchard plans", "status": "active"}}
      },
      "last_updated": "2025-08-02T00:00:00.000001"
    }
    """

  private static let memories = """
    {
      "memories": {
        "hana": [
          {"id": "1753429727.395153", "memory": "The pear trees are grafted in March.",
           "memory_type": "fact", "metadata": {"topic": "pears", "a": {"b": {"c": {"d": [1]}}}},
           "created_at": "2025-07-25T09:48:47.395167", "user_id": "hana",
           "session_id": "\(first)", "embedding": [0.25, -1e-3]},
          {"id": "1753429727.395153", "memory": "The plums come first.",
           "memory_type": {"added_at": "2025-07-25T09:50:00", "memory_type": "conversation"},
           "metadata": {}, "created_at": "2025-07-25T09:50:00", "user_id": "hana", "source": "chat"},
          {"id": "1753429900.5", "memory": "Seen in another's session.", "memory_type": "",
           "metadata": {}, "created_at": "2025-07-25T09:51:40.5", "user_id": "hana",
           "session_id": "night-shift 7"}
        ],
        "olek": {
          "m1": {"id": "1753429727.395153", "memory": "The gate code changes at midnight.",
            "memory_type": "fact", "metadata": {}, "created_at": "2025-08-01T22:20:00",
            "user_id": "olek", "session_id": "night-shift 7", "embedding": null}
        }
      },
      "stats": {"searches": 12}
    }
    """

  @Test(arguments: [["sessions.json", "memories.json"], ["memories.json", "sessions.json"]])
  func `both files at once: every field has a place, and a second import changes nothing`(
    _ order: [String]
  ) throws {
    let data = try DataDirectory()
    _ = try data.write("sessions.json", Self.sessions)
    _ = try data.write("memories.json", Self.memories)
    let report = try data.json(["import"] + order.map { data.path($0) })
    #expect(report["sessions"] == 2 && report["memories"] == 4 && report["refused"] == [])
    let notes = report["notes"]?.array?.compactMap(\.string) ?? []
    #expect(notes.count == 3 && notes[0] == "Vectors left behind, to be made anew: 1.")
    #expect(notes[1].contains("another user's session: 1"))
    #expect(notes[2].hasPrefix("stats of ") && notes[2].contains("was left behind"))

    let session = try #require(try data.json("sessions", "show", Self.first)["session"])
    #expect(session["user_id"] == "hana" && session["name"] == "Orchard plans")
    #expect(session["created_at"] == "2025-07-25T09:48:47.395Z")
    #expect(session["last_activity"] == "2025-07-25T10:02:00.000Z")
    #expect(session["expired_at"] == "2025-07-26T10:02:00.500Z")
    #expect(session["interaction_count"] == 4 && session["memory_count"] == 1)
    #expect(session["metadata"]?["topic"] == "trees")
    let kept = session["metadata"]?["original"]
    #expect(kept?["device"] == ["os": "linux"] && kept?["memory_count"] == nil)
    #expect(kept?["session_stats"]?["memories_created"] == 2)

    let olek = try data.json("sessions", "list", "--user", "olek", "--include-expired")
    let night = try #require(olek["sessions"]?.array?.first)
    #expect(night["name"] == "Session 2025-08-01 20:15" && night["memory_count"] == 1)
    #expect(night["metadata"]?["original"]?["id"] == "night-shift 7")
    let coded = try data.json("memories", "list", "--user", "olek")["memories"]?.array?.first
    #expect(coded?["session_id"] == night["session_id"])
    #expect(coded?["content"] == "The gate code changes at midnight.")

    let hana = try #require(
      try data.json("memories", "list", "--user", "hana")["memories"]?.array)
    try #require(hana.count == 3)
    #expect(hana[0]["session_id"] == nil && hana[0]["memory_type"] == "conversation")
    #expect(hana[0]["metadata"]?["original"]?["session_id"] == "night-shift 7")
    #expect(hana[1]["content"] == "The plums come first.")
    #expect(hana[1]["memory_type"] == "conversation")
    #expect(hana[1]["metadata"]?["added_at"] == "2025-07-25T09:50:00")
    #expect(hana[1]["metadata"]?["original"]?["source"] == "chat")
    #expect(hana[2]["memory_type"] == "fact" && hana[2]["session_id"] == .string(Self.first))
    #expect(hana[2]["created_at"] == "2025-07-25T09:48:47.395Z")
    #expect(hana[2]["metadata"]?["original"]?["id"] == "1753429727.395153")
    #expect(hana[2]["metadata"]?["a"] == ["b": ["c": ["d": "[1]"]]])

    let before = try data.run("export").standardOutput
    let again = try data.json(["import"] + order.reversed().map { data.path($0) })
    #expect(again["sessions"] == 0 && again["memories"] == 0 && again["skipped"] == 6)
    #expect(try data.run("export").standardOutput == before)
    let found = try data.json("search", "pear trees", "--session", Self.first)
    #expect(found["hits"]?.array?.first?["memory"]?["memory_id"] == hana[2]["memory_id"])
  }

  @Test func `one file after the other, in either order, gives the same store`() throws {
    var exports: [Data] = []
    for order in [["sessions.json", "memories.json"], ["memories.json", "sessions.json"]] {
      let data = try DataDirectory()
      // Without the memory in a stranger's session: that is seen only with both files at hand.
      let text = Self.memories.replacing("night-shift 7", with: Self.first, maxReplacements: 1)
      _ = try data.write("sessions.json", Self.sessions)
      _ = try data.write("memories.json", text)
      for file in order { #expect(try data.status("import", data.path(file)) == 0) }
      #expect(try data.json("sessions", "show", Self.first)["session"]?["memory_count"] == 2)
      exports.append(try data.run("export").standardOutput)
    }
    #expect(exports[0] == exports[1] && !exports[0].isEmpty)
  }

  @Test func `two users' memories of one name are two, also when one user's came before`() throws {
    let data = try DataDirectory()
    let memories = try JSONTextReader.value(of: Array(Self.memories.utf8))["memories"]
    let part = try data.write(
      "part.json", try JSON.text(["memories": ["olek": memories?["olek"] ?? .null]] as JSONValue))
    #expect(try data.json("import", part)["memories"] == 1)
    let report = try data.json(
      "import", try data.write("sessions.json", Self.sessions),
      try data.write("memories.json", Self.memories))
    #expect(report["memories"] == 3 && report["skipped"] == 1)
    #expect(try data.json("memories", "list", "--user", "hana")["total"] == 3)
  }

  @Test func `arrays of records are read as well`() throws {
    let data = try DataDirectory()
    let sessions = try data.write("a.json", #"[{"id": "s", "user_id": "hana", "name": "Plans"}]"#)
    let memories = try data.write(
      "b", #"[{"id": "m", "user_id": "hana", "memory": "Pears.", "session_id": "s"}]"#)
    let report = try data.json("import", sessions, memories)
    #expect(report["sessions"] == 1 && report["memories"] == 1)
    let page = try data.json("sessions", "list", "--user", "hana")
    #expect(page["sessions"]?.array?.first?["memory_count"] == 1)
  }

  @Test func `records that break a rule are named, and nothing or the rest is stored`() throws {
    let data = try DataDirectory()
    let sessions = try data.write(
      "sessions.json",
      """
      {"sessions": {"s1": {"id": "s1", "user_id": "hana garden"},
        "s2": {"id": "s2", "user_id": "hana", "created_at": "last week"},
        "s3": {"id": "s3", "user_id": "hana", "interaction_count": -1}}}
      """)
    let memories = try data.write(
      "memories.json",
      """
      {"memories": {"hana": [{"id": "1", "memory": " "}, {"id": "2", "memory": "Fine."},
        {"id": "3"}, {"id": "4", "memory": "x", "metadata": []}, {"id": "5", "memory": "a\\u0000b"}]}}
      """)
    let refused = try data.run("import", sessions, memories)
    #expect(refused.status == 2 && refused.text.isEmpty)
    for place in [
      "\(sessions), sessions.s1: user_id", "\(sessions), sessions.s2: created_at",
      "\(sessions), sessions.s3: interaction_count", "\(memories), memories.hana[0]: content",
      "\(memories), memories.hana[2]: memory is missing", "\(memories), memories.hana[3]: metadata",
      "\(memories), memories.hana[4]: content", "--skip-invalid",
    ] {
      #expect(refused.standardError.contains(place), "\(place): \(refused.standardError)")
    }
    #expect(try data.json("memories", "list", "--user", "hana", status: 1)["total"] == 0)
    let report = try data.json("import", sessions, memories, "--skip-invalid")
    #expect(report["memories"] == 1 && report["refused"]?.array?.count == 7)
    #expect(report["refused"]?.array?.first?["record"] == .string("\(sessions), sessions.s1"))
    #expect(try data.json("memories", "list", "--user", "hana")["total"] == 1)
  }

  @Test func `a file that was cut off is called by its name, and lines are lines in any file`()
    throws
  {
    let data = try DataDirectory()
    let cut = try data.write("sessions.json", String(Self.sessions.dropLast(40)))
    let outcome = try data.run("import", cut)
    #expect(outcome.status == 2 && outcome.standardError.contains("\(cut) is not JSON"))
    let line = #"{"kind":"memory","user_id":"ana","content":"fine"}"#
    let one = try data.write("one.json", line)
    let two = try data.write("two.json", line.replacing("fine", with: "good") + "\n" + line)
    #expect(try data.json("import", one, two)["memories"] == 2)
    let unknown = try data.write("other.json", #"{"people": {}}"#)
    #expect(try data.run("import", unknown).standardError.contains("line 1"))
    // What a list of ours prints is no file of the original, and cut contents are no memories.
    let list = try data.write("list.json", try data.run("memories", "list", "--user", "ana").text)
    #expect(try data.status("import", list) == 2)
    let printed = try data.run(["memories", "list", "--user", "ana", "--json"]).text
    #expect(try data.status("import", try data.write("list.json", printed)) == 2)
  }

  @Test func `a memory whose session is another user's in the store is named`() throws {
    let data = try DataDirectory()
    #expect(try data.status("import", try data.write("sessions.json", Self.sessions)) == 0)
    let outcome = try data.run("import", try data.write("memories.json", Self.memories))
    #expect(outcome.status == 1 && outcome.standardError.contains("of hana"))
  }

  @Test func `ids follow from each memory alone, whatever is imported beside it`() throws {
    let data = try DataDirectory()
    let (first, second) = (
      #"{"id": "1753429727.39", "user_id": "hana", "memory": "Pears."}"#,
      #"{"id": "1753429727.39", "user_id": "hana", "memory": "Plums."}"#
    )
    let one = try data.write("one.json", "[\(second)]")
    let both = try data.write("both.json", "[\(first), \(second)]")
    #expect(try data.json("import", one)["memories"] == 1)
    let report = try data.json("import", both)
    #expect(report["memories"] == 1 && report["skipped"] == 1)
    let page = try data.json("memories", "list", "--user", "hana")
    let contents = page["memories"]?.array?.compactMap { $0["content"]?.string } ?? []
    #expect(Set(contents) == ["Pears.", "Plums."] && contents.count == 2)
  }

  @Test(arguments: ["1753429727.39", first])
  func `memories of one name and text stay apart by session and by time`(name: String) throws {
    let data = try DataDirectory()
    let memories = [
      #""session_id": "s""#, #""session_id": "t""#, #""created_at": "2025-07-25T09:48:47""#,
    ].map { #"{"id": "\#(name)", "user_id": "hana", "memory": "Pears.", \#($0)}"# }
    let sessions = try data.write(
      "sessions.json", #"[{"id": "s", "user_id": "hana"}, {"id": "t", "user_id": "hana"}]"#)
    let file = try data.write("memories.json", "[\(memories.joined(separator: ", "))]")
    #expect(try data.json("import", sessions, file)["memories"] == 3)
    let page = try data.json("sessions", "list", "--user", "hana")
    #expect(page["sessions"]?.array?.map { $0["memory_count"] } == [1, 1])
    let again = try data.json("import", sessions, file)
    #expect(again["memories"] == 0 && again["skipped"] == 5)
  }

  @Test func `values where records should be are refused by their place`() throws {
    let data = try DataDirectory()
    let file = try data.write(
      "both.json",
      """
      {"memories": {"hana": "oops", "kim": 5, "lea": [true, null], "mia": null, "ola":
        [{"id": "1", "memory": "Fine."}]}, "sessions": "garbage", "session_stats": {"s": 7}}
      """)
    let places = [
      "memories.hana", "memories.kim", "memories.lea[0]", "memories.lea[1]", "sessions",
      "session_stats.s",
    ]
    let refused = try data.run("import", file)
    #expect(refused.status == 2 && refused.text.isEmpty)
    for place in places {
      #expect(refused.standardError.contains("\(file), \(place): "), "\(refused.standardError)")
    }
    let report = try data.json("import", file, "--skip-invalid")
    #expect(report["memories"] == 1 && report["refused"]?.array?.count == places.count)
    let whole = try data.write("whole.json", #"{"memories": {}, "session_stats": 3}"#)
    #expect(try data.status("import", whole) == 2)
  }

  @Test func `a session that expired without any time is expired`() throws {
    let data = try DataDirectory()
    let file = try data.write(
      "sessions.json",
      """
      [{"id": "a", "user_id": "hana", "name": "A", "status": "expired"},
       {"id": "b", "user_id": "hana", "name": "B", "status": "expired",
        "created_at": "2025-07-25T09:48:47"}]
      """)
    #expect(try data.json("import", file)["sessions"] == 2)
    let page = try data.json("sessions", "list", "--user", "hana", "--include-expired")
    let sessions = page["sessions"]?.array ?? []
    #expect(sessions.map { $0["status"] } == ["expired", "expired"])
    let timed = sessions.first { $0["name"] == "B" }
    #expect(timed?["expired_at"] == "2025-07-25T09:48:47.000Z")
    #expect(
      try data.json("sessions", "list", "--user", "hana", status: 1)["sessions"]?.array == [])
  }
}
