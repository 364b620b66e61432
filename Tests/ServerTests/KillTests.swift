import Foundation
import Records
import TestSupport
import Testing

/// What was acknowledged survives the death of the process at the moment of the acknowledgement.
@Suite struct KillTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["RECOLLECT_TEST_KILL_ROUNDS"].flatMap(Int.init) ?? 50

  @Test(.timeLimit(.minutes(120)))
  func `whatever was acknowledged is found after a kill, in every round`() throws {
    let directory = try TemporaryDirectory()
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    var acknowledged: [String: String] = [:]
    var deleted: Set<String> = []
    for round in 0..<Self.rounds {
      let server = try ServerProcess(directory.url)
      _ = try server.initialize()
      // A few writes beforehand, so that the last one is sometimes an update or a deletion.
      for step in 0...Int.random(in: 0..<3, using: &generator) {
        let choice = Int.random(in: 0..<6, using: &generator)
        if choice == 0, let id = acknowledged.keys.sorted().randomElement(using: &generator) {
          _ = try server.call("delete_memory", ["memory_id": .string(id)])
          acknowledged[id] = nil
          deleted.insert(id)
        } else if choice == 1, let id = acknowledged.keys.sorted().randomElement(using: &generator)
        {
          let content = "changed word\(round)x\(step)"
          _ = try server.call(
            "update_memory", ["memory_id": .string(id), "content": .string(content)])
          acknowledged[id] = content
        } else {
          let content = "stored word\(round)x\(step)"
          let reply = try server.call("add_memory", ["content": .string(content)])
          acknowledged[try #require(reply["memory"]?["memory_id"]?.string)] = content
        }
      }
      server.kill()
      try check(directory.url, acknowledged, deleted, "seed \(seed), round \(round)")
    }
  }

  private func check(
    _ directory: URL, _ acknowledged: [String: String], _ deleted: Set<String>, _ label: String
  ) throws {
    let server = try ServerProcess(directory)
    let list = try server.call("list_memories", ["limit": 1])
    #expect(list["total"] == .integer(Int64(acknowledged.count)), "\(label)")
    for (id, content) in acknowledged {
      let got = try server.call("get_memory", ["memory_ids": [.string(id)]])
      #expect(got["memories"]?.array?.first?["content"]?.string == content, "\(label)")
    }
    for id in deleted {
      let got = try server.call("get_memory", ["memory_ids": [.string(id)]])
      #expect(got["missing"] == [.string(id)], "\(label)")
    }
    if let (_, content) = acknowledged.randomElement() {
      // Both halves of the index were rebuilt from what survived.
      for strategy in ["semantic", "keyword"] {
        let found = try server.call(
          "search_memories",
          ["query": .string(content), "strategy": .string(strategy), "limit": 3])
        #expect(found.contents.contains(content), "\(label), \(strategy)")
      }
    }
    server.kill()
  }

  @Test func `the log is made durable before a write is acknowledged`() throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/strace") else {
      Issue.record("strace is not installed: run `make setup`")
      return
    }
    let directory = try TemporaryDirectory()
    let trace = directory.url.appendingPathComponent("trace")
    let server = try ServerProcess(
      directory.url.appendingPathComponent("data"),
      program: [
        "/usr/bin/strace", "-f", "-qq", "-s", "4096", "-y", "-e",
        "trace=fsync,fdatasync,write,pwrite64", "-o", trace.path,
      ])
    _ = try server.initialize()
    let session = try server.call("create_session")["session"]?["session_id"]?.string ?? ""
    for number in 0..<5 {
      _ = try server.call(
        "add_memory", ["content": .string("number \(number)"), "session_id": .string(session)])
    }
    #expect(try server.close() == 0)
    // Between two acknowledgements on standard output the log was written and then made durable.
    var isDurable = false
    var wasWritten = false
    var acknowledgements = 0
    for line in try String(contentsOf: trace, encoding: .utf8).split(separator: "\n") {
      if line.contains("pwrite64("), line.contains("recollect.sqlite-wal") {
        wasWritten = true
        isDurable = false
      } else if line.contains("sync("), line.contains("recollect.sqlite-wal"), line.hasSuffix("= 0")
      {
        isDurable = wasWritten
      } else if line.contains("write(1<"), line.contains("structuredContent") {
        acknowledgements += 1
        #expect(wasWritten && isDurable, "an answer came before the log was durable: \(line)")
        wasWritten = false
        isDurable = false
      }
    }
    #expect(acknowledgements == 6)
  }
}
