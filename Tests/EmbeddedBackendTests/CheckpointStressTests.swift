import EmbeddedBackend
import Foundation
import Records
import Retrieval
import TestSupport
import Testing

/// Eight processes that commit and fold the log in, as often as they can.
///
/// SQLite before 3.51.3 loses commits when a checkpoint meets one that restarts the log; here the lock of
/// the writers keeps them apart. Without it (a store that checkpoints outside) texts go missing, or pages
/// contradict each other.
@Suite struct CheckpointStressTests {
  private static let writes =
    ProcessInfo.processInfo.environment["RECOLLECT_TEST_STRESS_WRITES"].flatMap(Int.init) ?? 12

  @Test(.timeLimit(.minutes(30)))
  func `eight processes that commit and checkpoint lose nothing, also when some are killed`() throws
  {
    let directory = try TemporaryDirectory()
    let data = directory.url.appendingPathComponent("data")
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let program = Checkout.program.deletingLastPathComponent().appendingPathComponent("StoreWriter")
    var processes: [Process] = []
    for number in 0..<8 {
      let process = Process()
      process.executableURL = program
      process.arguments = [data.path, "\(Self.writes)", "10"]
      let output = directory.url.appendingPathComponent("written-\(number)")
      try Data().write(to: output)
      process.standardOutput = try FileHandle(forWritingTo: output)
      try process.run()
      processes.append(process)
    }
    // Two of them die in the midst.
    let victims = Set(processes.indices.shuffled(using: &generator).prefix(2))
    for victim in victims {
      usleep(.random(in: 100_000...600_000, using: &generator))
      kill(processes[victim].processIdentifier, SIGKILL)
    }
    for (number, process) in processes.enumerated() {
      process.waitForEnd()
      if !victims.contains(number) {
        #expect(process.terminationStatus == 0, "process \(number), seed \(seed)")
      }
    }
    var written: Set<String> = []
    for number in processes.indices {
      let text = try String(
        contentsOf: directory.url.appendingPathComponent("written-\(number)"), encoding: .utf8)
      // A line that was cut off when its process died says nothing.
      written.formUnion(
        text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
          .map(String.init))
    }
    let restarts = try restarts(data)
    let store = try EmbeddedStore(directory: data)
    let found = try store.read { reader in
      let scope = try Authority.scope(of: UserID(stored: "ana"), for: .unbound(default: nil))
      return try reader.allMemories(in: scope, after: nil, limit: 1_000_000)
    }
    let names = Set(found.map { String($0.content.prefix { $0 != " " }) })
    #expect(written.subtracting(names) == [], "lost, seed \(seed)")
    // What two killed processes had written and could not tell any more.
    #expect(names.subtracting(written).count <= 2 * 3, "seed \(seed)")
    try store.close()
    for finding in StoreExamination(data).findings() {
      #expect(finding.status < .wrong, "\(finding.name): \(finding.detail), seed \(seed)")
    }
    print(
      "checkpoints: seed \(seed), \(written.count) texts written, log restarted \(restarts) times")
    #expect(restarts > 0)
  }

  /// How often the log began anew: its header counts.
  private func restarts(_ data: URL) throws -> UInt32 {
    let log = [UInt8](try Data(contentsOf: data.appendingPathComponent("recollect.sqlite-wal")))
    return log[12..<16].reduce(0) { $0 << 8 | UInt32($1) }
  }
}
