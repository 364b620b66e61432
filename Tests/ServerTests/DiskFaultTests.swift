import Foundation
import Records
import TestSupport
import Testing

/// A disk that is full, or that fails, at a chosen call of the system: `strace` makes it so, for the log
/// of the database alone, and needs no rights.
@Suite struct DiskFaultTests {
  private static let strace = "/usr/bin/strace"

  private var isPossible: Bool {
    guard FileManager.default.isExecutableFile(atPath: Self.strace) else {
      Issue.record("strace is not installed: run `make setup`")
      return false
    }
    return true
  }

  /// A server for which calls that concern the log do something else.
  private func server(
    _ data: URL, _ fault: String, options: [String] = [], environment: [String: String] = [:]
  ) throws -> ServerProcess {
    let log = data.resolvingSymlinksInPath().appendingPathComponent("recollect.sqlite-wal").path
    return try ServerProcess(
      data, options: options, environment: environment,
      program: [
        Self.strace, "-f", "-qq", "-o", "/dev/null", "-P", log,
        "-e", "trace=pwrite64,fdatasync,fsync", "-e", "inject=\(fault)",
      ])
  }

  /// A directory with two memories in it.
  private func prepared(_ directory: TemporaryDirectory) throws -> URL {
    let data = directory.url.appendingPathComponent("data")
    let server = try ServerProcess(data)
    for text in ["first", "second"] {
      _ = try server.call("add_memory", ["content": .string(text)])
    }
    #expect(try server.close() == 0)
    return data
  }

  /// Adds texts one by one; tells which were acknowledged, and what was said of the others.
  private func add(
    _ count: Int, _ server: ServerProcess
  ) throws -> (stored: [String], refused: [(text: String, error: String)]) {
    var stored: [String] = []
    var refused: [(text: String, error: String)] = []
    for number in 0..<count {
      let text = "entry\(number) of many words that want some room in the log"
      let result = try server.request(
        "tools/call", ["name": "add_memory", "arguments": ["content": .string(text)]])
      if result["structuredContent"] != nil {
        stored.append(text)
      } else {
        refused.append((text, result["content"]?.array?.first?["text"]?.string ?? "nothing"))
      }
    }
    return (stored, refused)
  }

  private func contents(_ data: URL) throws -> [String] {
    let server = try ServerProcess(data)
    let list = try server.call("list_memories", ["limit": 100])
    #expect(try server.close() == 0)
    let doctor = try RecollectProcess().run([
      "doctor", "--data-directory", data.path, "--model", "hashing", "--json",
    ])
    #expect(doctor.status == 0, "\(doctor.text)")
    return list["memories"]?.array?.compactMap { $0["content"]?.string } ?? []
  }

  @Test(.timeLimit(.minutes(10)), arguments: [1, 2, 3, 8, 17, 30])
  func
    `a disk that is full at any write loses nothing that was acknowledged, and is said to be full`(
      write: Int
    ) throws
  {
    guard isPossible else { return }
    let directory = try TemporaryDirectory()
    let data = try prepared(directory)
    let server = try server(data, "pwrite64:error=ENOSPC:when=\(write)")
    let (stored, refused) = try add(5, server)
    #expect(refused.count == 1 && stored.count == 4)
    #expect(refused.allSatisfy { $0.error.contains("unavailable") && $0.error.contains("full") })
    #expect(try server.close() == 0)
    #expect(Set(try contents(data)) == Set(stored + ["first", "second"]))
  }

  @Test(.timeLimit(.minutes(5)))
  func `while the disk stays full every write is refused, and once there is room it works again`()
    throws
  {
    guard isPossible else { return }
    let directory = try TemporaryDirectory()
    let data = try prepared(directory)
    let server = try server(data, "pwrite64:error=ENOSPC:when=40..60")
    let (stored, refused) = try add(40, server)
    #expect(refused.count >= 2 && stored.count >= 2)
    // Refused in a row, and not one after.
    #expect(stored.last?.hasPrefix("entry39 ") == true)
    #expect(try server.close() == 0)
    #expect(Set(try contents(data)) == Set(stored + ["first", "second"]))
  }

  @Test(.timeLimit(.minutes(5)), arguments: [1, 2, 4])
  func `a log that cannot be made durable acknowledges nothing`(sync: Int) throws {
    guard isPossible else { return }
    let directory = try TemporaryDirectory()
    let data = try prepared(directory)
    let server = try server(data, "fdatasync:error=EIO:when=\(sync)")
    let (stored, refused) = try add(5, server)
    #expect(refused.count == 1)
    _ = try server.close()
    let found = Set(try contents(data))
    #expect(found.isSuperset(of: stored + ["first", "second"]))
    // What was refused may have reached the disk after all; nothing else may be there.
    #expect(found.isSubset(of: stored + refused.map(\.text) + ["first", "second"]))
  }

  @Test(
    .timeLimit(.minutes(5)),
    arguments: ["pwrite64:signal=SIGKILL:when=3", "pwrite64:signal=SIGKILL:when=20"])
  func `a kill that falls inside a purge leaves every session whole`(fault: String) throws {
    guard isPossible else { return }
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data")
    var plain = try ServerProcess(data, environment: ["RECOLLECT_MAX_SESSIONS_PER_USER": "100"])
    let count = 20
    for number in 0..<count {
      let reply = try plain.call("create_session", ["user_id": "ana"])
      _ = try plain.call(
        "add_memory",
        [
          "content": .string("part of \(number)"),
          "session_id": reply["session"]?["session_id"] ?? .null,
        ])
    }
    #expect(try plain.close() == 0)
    let purging = [
      "RECOLLECT_SESSION_TIMEOUT_HOURS": "\(0.1 / 3600)",
      "RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES": "0.001",
      "RECOLLECT_EXPIRED_SESSION_RETENTION_DAYS": "0",
      "RECOLLECT_MEMORY_ON_SESSION_PURGE": "delete",
    ]
    Thread.sleep(forTimeInterval: 0.15)
    // The purge is the first thing that this server writes to the log, and it dies writing it: nobody
    // else kills it.
    let victim = try server(data, fault, environment: purging)
    victim.process.waitUntilExit()
    plain = try ServerProcess(data, options: ["--tools", "all"])
    let statistics = try plain.call("get_system_session_stats")
    #expect(statistics["total_memories"] == .integer(Int64(count)))
    let list = try plain.call(
      "list_user_sessions", ["user_id": "ana", "include_expired": true, "limit": 100])
    let left = list["sessions"]?.array ?? []
    #expect(left.count == count && left.allSatisfy { $0["memory_count"] == 1 })
    #expect(try plain.close() == 0)
    // Without the kill the same start purges all of it.
    let other = try ServerProcess(data, options: ["--tools", "all"], environment: purging)
    let deadline = ContinuousClock.now + .seconds(20)
    var total: JSONValue?
    repeat {
      Thread.sleep(forTimeInterval: 0.05)
      total = try other.call("get_system_session_stats")["total_memories"]
    } while total != 0 && ContinuousClock.now < deadline
    #expect(total == 0)
  }
}
