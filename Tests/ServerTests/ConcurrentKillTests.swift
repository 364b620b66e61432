import Foundation
import Records
import TestSupport
import Testing

/// Four servers write and search in one directory, and some of them are killed at any moment.
@Suite struct ConcurrentKillTests {
  private static let rounds =
    ProcessInfo.processInfo.environment["RECOLLECT_TEST_KILL_ROUNDS"].flatMap(Int.init) ?? 50
  private static let seed =
    ProcessInfo.processInfo.environment["RECOLLECT_TEST_KILL_SEED"].flatMap(UInt64.init)
    ?? .random(in: 0...UInt64.max)
  /// After so many rounds a new directory is taken: a server reads all of it when it starts.
  private static let roundsOfDirectory = 50

  @Test(.timeLimit(.minutes(120)))
  func
    `whatever any of four servers acknowledged survives the kill of others, and is found by all`()
    throws
  {
    var generator = SeededGenerator(seed: Self.seed)
    var totals = (rounds: 0, kills: 0, acknowledged: 0, searches: 0, compared: 0)
    while totals.rounds < Self.rounds {
      let directory = try TemporaryDirectory()
      let flock = try Flock(directory.url.appendingPathComponent("data"), count: 4)
      var ledger = Ledger()
      let rounds = min(Self.roundsOfDirectory, Self.rounds - totals.rounds)
      for number in 0..<rounds {
        let label = "seed \(Self.seed), round \(totals.rounds + number)"
        let (kills, compared) = try round(number, flock, &ledger, &generator, label)
        totals.kills += kills
        totals.compared += compared
      }
      for server in flock.servers {
        #expect(try ledger.complaints(server, about: ledger.known.keys) == [], "seed \(Self.seed)")
      }
      totals.rounds += rounds
      totals.acknowledged += ledger.acknowledged
      totals.searches += ledger.searches
    }
    print(
      """
      kill test: seed \(Self.seed), \(totals.rounds) rounds, \(totals.kills) kills, \
      \(totals.acknowledged) records acknowledged, \(totals.searches) searches meanwhile, 0 lost, \
      \(totals.compared) rows of the index compared
      """)
    #expect(totals.acknowledged > totals.rounds && totals.searches > 0)
  }

  /// One round; returns how many were killed, and how many rows of the index were compared.
  private func round(
    _ number: Int, _ flock: Flock, _ ledger: inout Ledger, _ generator: inout SeededGenerator,
    _ label: String
  ) throws -> (kills: Int, compared: Int) {
    let count = [1, 1, 2, 3, 4].randomElement(using: &generator) ?? 1
    let victims = Set((0..<4).shuffled(using: &generator).prefix(count))
    let delay = UInt32.random(in: 5_000...80_000, using: &generator)
    let accounts = try flock.work("\(number)", seed: generator.next()) {
      usleep(delay)
      for victim in victims { flock.servers[victim].kill() }
      usleep(delay / 4)
    }
    for (server, account) in accounts.enumerated() {
      #expect(account.wrong == [], "\(label), server \(server)")
      #expect(account.isOver == false || victims.contains(server), "\(label): \(server) ended")
    }
    for victim in victims { try flock.replace(victim) }
    // Before anything is asked: nothing repairs the files but opening them.
    let survivor = (0..<4).first { !victims.contains($0) } ?? 0
    try ledger.add(accounts, asking: flock.servers[survivor])
    let news = accounts.flatMap(\.acknowledged.keys)
    let olds = ledger.known.keys.shuffled(using: &generator).prefix(20)
    for (place, server) in flock.servers.enumerated() {
      #expect(try ledger.complaints(server, about: news + olds) == [], "\(label), server \(place)")
      if let text = news.randomElement(using: &generator), ledger.known[text] != nil {
        let found = try server.call(
          "search_memories", ["query": .string(text), "limit": 3])
        #expect(found.contents.contains(text), "\(label), server \(place)")
      }
    }
    return (victims.count, try expectHealthy(flock.directory, label, memories: ledger.known.count))
  }

  /// Has every page of the database looked at, and every row of the index held against the database's;
  /// returns how many there were. Every memory of these tests has one vector.
  private func expectHealthy(_ directory: URL, _ label: String, memories: Int) throws -> Int {
    let options = ["--data-directory", directory.path, "--model", "hashing", "--json"]
    let doctor = try RecollectProcess().run(["doctor"] + options)
    #expect(doctor.status == 0, "\(label): \(doctor.text)")
    let outcome = try RecollectProcess().run(["index", "verify"] + options)
    let report = try JSONDecoder().decode(JSONValue.self, from: outcome.standardOutput)
    #expect(
      outcome.status == 0 && report["sound"] == true && (report["damage"] ?? .null) == .null,
      "\(label): \(outcome.text)\(outcome.standardError)")
    #expect(report["vectors"] == .integer(Int64(memories)), "\(label): \(outcome.text)")
    return memories
  }

  @Test(.timeLimit(.minutes(5)))
  func `a server that is suspended in the midst of work holds up no reader and loses nothing`()
    throws
  {
    let directory = try TemporaryDirectory()
    let flock = try Flock(directory.url.appendingPathComponent("data"), count: 3)
    let reader = try ServerProcess(flock.directory, options: ["--read-only"])
    // One that is suspended while it opens a new directory keeps the others from starting.
    for server in flock.servers + [reader] { _ = try server.initialize() }
    var generator = SeededGenerator(seed: Self.seed)
    var ledger = Ledger()
    for round in 0..<6 {
      let label = "seed \(Self.seed), round \(round)"
      let victim = Int.random(in: 0..<3, using: &generator)
      let accounts = try flock.work("\(round)", seed: generator.next()) {
        usleep(.random(in: 20_000...90_000, using: &generator))
        let process = flock.servers[victim].process.processIdentifier
        do {
          kill(process, SIGSTOP)
          // Whatever goes wrong: nobody could wait for its answers.
          defer { kill(process, SIGCONT) }
          // While it sleeps, perhaps with the lock in its hand, reading goes on.
          for _ in 0..<5 {
            _ = try reader.call("search_memories", ["query": "word0x0x0", "strategy": "keyword"])
          }
          usleep(150_000)
        }
        usleep(50_000)
      }
      for account in accounts {
        #expect(account.wrong == [] && !account.isOver && account.unanswered == [], "\(label)")
      }
      try ledger.add(accounts, asking: flock.servers[0])
      for server in flock.servers + [reader] {
        #expect(try ledger.complaints(server, about: ledger.known.keys) == [], "\(label)")
      }
    }
    #expect(ledger.acknowledged > 6)
    _ = try expectHealthy(flock.directory, "seed \(Self.seed)", memories: ledger.known.count)
  }

  @Test(.timeLimit(.minutes(5)))
  func
    `a backup of a directory in which four servers write holds all that was acknowledged before`()
    throws
  {
    let directory = try TemporaryDirectory()
    let flock = try Flock(directory.url.appendingPathComponent("data"), count: 4)
    let backup = directory.url.appendingPathComponent("backup.sqlite").path
    let before = try flock.work("before", seed: Self.seed) { usleep(150_000) }
    var ledger = Ledger()
    try ledger.add(before, asking: flock.servers[0])
    let meanwhile = try flock.work("meanwhile", seed: Self.seed) {
      let outcome = try RecollectProcess().run([
        "backup", backup, "--data-directory", flock.directory.path,
      ])
      #expect(outcome.status == 0, "\(outcome.standardError)")
      let refused = try RecollectProcess().run([
        "restore", backup, "--data-directory", flock.directory.path, "--force",
      ])
      #expect(refused.status == 4 && refused.standardError.contains("stop the servers"))
    }
    #expect((before + meanwhile).allSatisfy { $0.wrong == [] && !$0.isOver })
    let other = directory.url.appendingPathComponent("other")
    let outcome = try RecollectProcess().run([
      "restore", backup, "--data-directory", other.path,
    ])
    #expect(outcome.status == 0, "\(outcome.standardError)")
    let server = try ServerProcess(other)
    let everything = Set(meanwhile.flatMap(\.acknowledged.keys)).union(ledger.known.keys)
    var found: Set<String> = []
    var cursor: JSONValue?
    repeat {
      let page = try server.call(
        "list_memories", cursor.map { ["limit": 100, "cursor": $0] } ?? ["limit": 100])
      found.formUnion(page["memories"]?.array?.compactMap { $0["content"]?.string } ?? [])
      cursor = page["next_cursor"]
    } while cursor != nil
    #expect(Set(ledger.known.keys).subtracting(found) == [], "seed \(Self.seed)")
    // Texts that were deleted meanwhile may be there, others that nobody wrote may not.
    #expect(found.allSatisfy { everything.contains($0) || $0.hasPrefix("wordmeanwhile") })
    _ = try expectHealthy(other, "seed \(Self.seed)", memories: found.count)
  }
}
