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

  /// A server for which calls that concern the log do something else. The numbers in a fault count the
  /// calls of each thread, and each tool has a thread.
  ///
  /// - Parameter isOwnParent: the process is `strace`, which ends with the server; without it, it is the
  ///   server, and `mend` ends the fault.
  private func server(
    _ data: URL, _ fault: String, isOwnParent: Bool = false, environment: [String: String] = [:]
  ) throws -> ServerProcess {
    let log = data.resolvingSymlinksInPath().appendingPathComponent("recollect.sqlite-wal").path
    return try ServerProcess(
      data, environment: environment,
      program: [Self.strace] + (isOwnParent ? [] : ["-D", "-I", "1"]) + [
        "-f", "-qq", "-o", "/dev/null", "-P", log, "-e", "trace=pwrite64,fdatasync,fsync", "-e",
        "inject=\(fault)",
      ])
  }

  /// Lets the disk work again under a server that runs.
  private func mend(_ server: ServerProcess) throws {
    let process = server.process.processIdentifier
    func tracer() throws -> Int32 {
      let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("TracerPid:") })
      return Int32(line.split(separator: "\t").last ?? "") ?? 0
    }
    let watcher = try tracer()
    #expect(watcher != 0, "nothing made the calls fail")
    // It is let go by the death of its tracer; other signals are blocked in what a thread of tests starts.
    kill(watcher, SIGKILL)
    while try tracer() != 0 { usleep(10_000) }
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
    _ count: Int, _ name: String, _ server: ServerProcess
  ) throws -> (stored: [String], refused: [(text: String, error: String)]) {
    var stored: [String] = []
    var refused: [(text: String, error: String)] = []
    for number in 0..<count {
      let text = "\(name)\(number) of many words that want some room in the log"
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

  @Test(.timeLimit(.minutes(10)), arguments: [1, 2, 3, 5, 8, 13, 17])
  func `a disk that is full at any write is said to be full, loses nothing, and works again after`(
    write: Int
  ) throws {
    guard isPossible else { return }
    let directory = try TemporaryDirectory()
    let data = try prepared(directory)
    let server = try server(data, "pwrite64:error=ENOSPC:when=\(write)+")
    let before = try add(3, "before", server)
    #expect(before.stored == [] && before.refused.count == 3)
    #expect(
      before.refused.allSatisfy { $0.error.contains("unavailable") && $0.error.contains("full") })
    // Reading goes on.
    #expect(try server.call("search_memories", ["query": "second"]).contents.contains("second"))
    try mend(server)
    let after = try add(3, "after", server)
    #expect(after.refused.isEmpty)
    #expect(try server.close() == 0)
    #expect(Set(try contents(data)) == Set(after.stored + ["first", "second"]))
  }

  @Test(.timeLimit(.minutes(5)))
  func `a log that cannot be made durable acknowledges nothing`() throws {
    guard isPossible else { return }
    let directory = try TemporaryDirectory()
    let data = try prepared(directory)
    let server = try server(data, "fdatasync:error=EIO")
    let before = try add(3, "before", server)
    #expect(before.stored == [] && before.refused.count == 3)
    try mend(server)
    let after = try add(3, "after", server)
    #expect(after.refused.isEmpty)
    #expect(try server.close() == 0)
    let found = Set(try contents(data))
    #expect(found.isSuperset(of: after.stored + ["first", "second"]))
    // What was refused may have reached the disk after all; nothing else may be there.
    #expect(found.isSubset(of: after.stored + before.refused.map(\.text) + ["first", "second"]))
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
    let victim = try server(data, fault, isOwnParent: true, environment: purging)
    victim.process.waitForEnd()
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
