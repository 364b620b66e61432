import ConversationMemory
import EmbeddedBackend
import Foundation
import Records
import Retrieval
import ServiceTestSupport
import Synchronization
import TestSupport
import Testing

/// The folder of the index, shared by processes, lost, damaged and replaced.
@Suite struct SharedIndexTests {
  private let rules = SessionRules(maximumPerUser: 100, timeout: 1e9)
  private let users = ["ana", "ben"]

  /// What was logged.
  private final class Log: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  private func open(
    _ directory: TemporaryDirectory, _ clock: ManualClock, _ log: Log = Log()
  ) throws -> ServiceFixture {
    try ServiceFixture(rules: rules, directory: directory, clock: clock) { log.add($0) }
  }

  private func folder(_ fixture: ServiceFixture) -> URL {
    fixture.directory.url.appendingPathComponent("data/index")
  }

  private func segments(_ fixture: ServiceFixture) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(atPath: folder(fixture).path).sorted()
      .filter { $0.hasSuffix(".rvs") }.map { folder(fixture).appendingPathComponent($0) }
  }

  private func findings(_ fixture: ServiceFixture) throws -> [String] {
    var found: [String] = []
    for user in users {
      for query in ["apples and pears", "word7 word3"] {
        for strategy in [RetrievalStrategy.semantic, .keyword] {
          let hits = try fixture.memories.search(
            .init(query: query, strategy: strategy, limit: 100), caller: ServiceFixture.anyone,
            user: UserID(stored: user), session: nil
          ).hits
          found += hits.map { "\(user) \($0.memory.id) \($0.relevance.bitPattern)" }
        }
      }
    }
    return found
  }

  /// What a process finds that has the same database and no index.
  private func findingsWithoutIndex(_ fixture: ServiceFixture) throws -> [String] {
    let copy = try TemporaryDirectory()
    let data = copy.url.appendingPathComponent("data")
    try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
    for name in ["recollect.sqlite", "recollect.sqlite-wal"] {
      let source = fixture.directory.url.appendingPathComponent("data/\(name)")
      guard FileManager.default.fileExists(atPath: source.path) else { continue }
      try FileManager.default.copyItem(at: source, to: data.appendingPathComponent(name))
    }
    return try findings(open(copy, fixture.clock))
  }

  private func fill(_ fixture: ServiceFixture, _ numbers: Range<Int>) throws {
    for number in numbers {
      _ = try fixture.add(
        "word\(number % 11) apples \(number) word\(number % 7)", user: users[number % 2])
    }
  }

  private func expectSound(_ fixture: ServiceFixture, _ comment: Comment) throws {
    let found = try findings(fixture)
    #expect(!found.isEmpty, comment)
    #expect(try found == findingsWithoutIndex(fixture), comment)
    let report = try fixture.store.verifyIndex()
    #expect(report.agrees && report.vectors > 0, "\(comment): \(report)")
  }

  @Test func `processes that seal, delete and change beside each other show the database's rows`()
    throws
  {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    var processes = [try open(directory, clock), try open(directory, clock)]
    var generator = SeededGenerator(seed: 5)
    var known: [Memory] = []
    for round in 0..<90 {
      let process = processes[Int.random(in: 0..<2, using: &generator)]
      switch Int.random(in: 0..<10, using: &generator) {
      case 0 where !known.isEmpty:
        let memory = known.remove(at: .random(in: 0..<known.count, using: &generator))
        _ = try process.memories.delete(memory.id, caller: ServiceFixture.anyone, user: nil)
      case 1 where !known.isEmpty:
        _ = try process.memories.update(
          known.randomElement(using: &generator)!.id,
          .init(content: "changed in round \(round): word\(round % 10) pears"),
          caller: ServiceFixture.anyone, user: nil)
      case 2: try process.store.settleIndex()
      case 3: try process.store.settleIndex(purging: true)
      case 4: processes[Int.random(in: 0..<2, using: &generator)] = try open(directory, clock)
      default:
        // Some are long, so that they have several passages.
        let length = round % 9 == 0 ? 400 : 6
        let words = (0..<length).map { _ in "word\(Int.random(in: 0..<20, using: &generator))" }
        known.append(
          try process.add(
            words.joined(separator: " ") + " apples \(round)",
            user: users.randomElement(using: &generator)!))
      }
      if round % 6 == 5 {
        let expected = try findingsWithoutIndex(processes[0])
        for process in processes { #expect(try findings(process) == expected, "round \(round)") }
      }
    }
    for process in processes { try expectSound(process, "at the end") }
    #expect(try !segments(processes[0]).isEmpty)
  }

  @Test
  func `enough changes are sealed by themselves, and the next process reads only what is left`()
    throws
  {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    let first = try open(directory, clock)
    try fill(first, 0..<1100)
    #expect(!FileManager.default.fileExists(atPath: folder(first).path))
    let expected = try findings(first)
    #expect(try segments(first).count == 1)
    // A process that looks at the folder alone: of its rows nothing has to come from the database.
    let second = try open(directory, clock)
    #expect(try findings(second) == expected)
    #expect(try segments(second).count == 1)
    try expectSound(second, "after opening")
  }

  @Test func `a flipped bit anywhere in the index changes no answer, and the index is whole again`()
    throws
  {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    let first = try open(directory, clock)
    try fill(first, 0..<60)
    try first.store.settleIndex()
    let expected = try findings(first)
    var healed = 0
    for name in ["MANIFEST", "segment"] {
      // A segment that was damaged is replaced by another.
      func damaged() throws -> URL {
        try name == "MANIFEST" ? folder(first).appendingPathComponent(name) : segments(first)[0]
      }
      let length = try Data(contentsOf: damaged()).count
      for position in stride(from: 3, to: length, by: name == "MANIFEST" ? 29 : 2039) {
        let handle = try FileHandle(forUpdating: damaged())
        try handle.seek(toOffset: UInt64(position))
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: UInt64(position))
        try handle.write(contentsOf: [byte ^ 0x10])
        try handle.close()
        let log = Log()
        let process = try open(directory, clock, log)
        #expect(try findings(process) == expected, "\(name), byte \(position)")
        let report = try process.store.verifyIndex()
        #expect(report.agrees && report.vectors >= 60, "\(name), byte \(position)")
        #expect(log.text.contains("built again"), "\(name), byte \(position)")
        healed += 1
        try process.store.settleIndex()
      }
    }
    #expect(healed > 30)
  }

  @Test func `an index that is gone, foreign, too new, ahead or no folder heals itself`() throws {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    let first = try open(directory, clock)
    try fill(first, 0..<40)
    try first.store.settleIndex()
    let data = directory.url.appendingPathComponent("data")
    // Of another database.
    let other = try open(TemporaryDirectory(), clock)
    for number in 0..<30 { _ = try other.add("foreign apples \(number)", user: "ana") }
    try other.store.settleIndex()
    func replace(_ comment: Comment, _ warns: Bool, _ body: (URL) throws -> Void) throws {
      let log = Log()
      let running = try open(directory, clock)
      _ = try findings(running)
      try body(folder(first))
      try expectSound(open(directory, clock, log), comment)
      #expect(log.text.contains("built again") == warns, comment)
      try expectSound(running, "\(comment), in a process that was running")
      try running.store.settleIndex()
    }
    try replace("gone", false) { try FileManager.default.removeItem(at: $0) }
    try replace("foreign", true) { index in
      try FileManager.default.removeItem(at: index)
      try FileManager.default.copyItem(at: folder(other), to: index)
    }
    try replace("without manifest", true) { index in
      try FileManager.default.removeItem(at: index.appendingPathComponent("MANIFEST"))
    }
    try replace("without segments", true) { _ in
      for file in try segments(first) { try FileManager.default.removeItem(at: file) }
    }
    try replace("too new", true) { index in
      let manifest = index.appendingPathComponent("MANIFEST")
      var bytes = [UInt8](try Data(contentsOf: manifest))
      bytes[8] = 9
      try Data(bytes).write(to: manifest)
    }
    try first.store.close()
    let old = directory.url.appendingPathComponent("old.sqlite")
    try FileManager.default.copyItem(at: data.appendingPathComponent("recollect.sqlite"), to: old)
    do {
      let later = try open(directory, clock)
      try fill(later, 40..<50)
      try later.store.settleIndex()
      try later.store.close()
    }
    for name in ["recollect.sqlite", "recollect.sqlite-wal", "recollect.sqlite-shm"] {
      try? FileManager.default.removeItem(at: data.appendingPathComponent(name))
    }
    try FileManager.default.moveItem(at: old, to: data.appendingPathComponent("recollect.sqlite"))
    let log = Log()
    try expectSound(open(directory, clock, log), "ahead of the database")
    #expect(log.text.contains("later state"))
    // A file where the folder should be: everything stays in memory.
    try FileManager.default.removeItem(at: folder(first))
    try Data("no folder".utf8).write(to: folder(first))
    let warned = Log()
    try expectSound(open(directory, clock, warned), "no folder")
    #expect(warned.text.contains("kept in memory"))
  }

  @Test func `verifying says what was damaged, also when nothing that was searched is`() throws {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    let first = try open(directory, clock)
    try fill(first, 0..<60)
    try first.store.settleIndex()
    #expect(try first.store.verifyIndex().damage == nil)
    try flip(try segments(first)[0], at: 4096 + 100)
    let report = try open(directory, clock).store.verifyIndex()
    #expect(report.damage?.contains("damaged") == true && report.agrees && report.vectors >= 60)
    #expect(try open(directory, clock).store.verifyIndex().damage == nil)
  }

  private func flip(_ file: URL, at position: Int) throws {
    var bytes = [UInt8](try Data(contentsOf: file))
    bytes[position] ^= 0x10
    let handle = try FileHandle(forUpdating: file)
    try handle.seek(toOffset: UInt64(position))
    try handle.write(contentsOf: [bytes[position]])
    try handle.close()
  }

  @Test func `searches that meet the same damage at once all find everything`() async throws {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    do {
      let first = try open(directory, clock)
      try fill(first, 0..<400)
      try first.store.settleIndex()
      try first.store.close()
    }
    let log = Log()
    let process = try open(directory, clock, log)
    let expected = try findingsWithoutIndex(process)
    // Every chunk of the rows, so that whoever searches meets it.
    let file = try segments(process)[0]
    for position in stride(from: 4096 + 50, to: try Data(contentsOf: file).count / 2, by: 4096) {
      try flip(file, at: position)
    }
    try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<6 { group.addTask { try self.findings(process) } }
      for try await found in group { #expect(found == expected) }
    }
    // Once, however many have met it.
    #expect(log.text.split(separator: "\n").count { $0.contains("built again") } == 1)
    #expect(try process.store.verifyIndex().agrees)
    try process.store.settleIndex()
    #expect(try open(directory, clock).store.verifyIndex().damage == nil)
  }

  @Test func `an older database that was put back is noticed before it is written to`() throws {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    let data = directory.url.appendingPathComponent("data")
    let file = data.appendingPathComponent("recollect.sqlite")
    let old = directory.url.appendingPathComponent("old.sqlite")
    do {
      let first = try open(directory, clock)
      try fill(first, 0..<20)
      try first.store.close()
      try FileManager.default.copyItem(at: file, to: old)
    }
    do {
      let later = try open(directory, clock)
      try fill(later, 20..<30)
      try later.store.settleIndex()
      try later.store.close()
    }
    for ending in ["", "-wal", "-shm"]
    where FileManager.default.fileExists(atPath: file.path + ending) {
      try FileManager.default.removeItem(atPath: file.path + ending)
    }
    try FileManager.default.moveItem(at: old, to: file)
    // Twenty others are written before anybody searches, so that its counting has passed the index's.
    let log = Log()
    let process = try open(directory, clock, log)
    for number in 0..<20 { _ = try process.add("other pears \(number)", user: users[number % 2]) }
    #expect(log.text.contains("later state"))
    try expectSound(process, "after other writes")
  }

  @Test func `searches of several processes go on while others write, seal and compact`()
    async throws
  {
    let directory = try TemporaryDirectory()
    let clock = ManualClock()
    let writer = try open(directory, clock)
    try fill(writer, 0..<20)
    let rules = rules
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<2 {
        group.addTask {
          let process = try ServiceFixture(rules: rules, directory: directory, clock: clock)
          for round in 0..<40 {
            let memory = try process.add("apples of \(number), \(round)", user: "user\(number)")
            // What was acknowledged is found by whoever asks next.
            let found = try process.memories.search(
              .init(query: "apples", strategy: .semantic, limit: 100),
              caller: ServiceFixture.anyone, user: UserID(stored: "user\(number)"), session: nil)
            #expect(found.hits.count == round + 1)
            #expect(found.hits.contains { $0.memory.id == memory.id })
            if round % 5 == 4 { try process.store.settleIndex(purging: round % 10 == 9) }
          }
        }
      }
      group.addTask {
        let process = try ServiceFixture(rules: rules, directory: directory, clock: clock)
        for _ in 0..<120 {
          let found = try process.memories.search(
            .init(query: "apples", strategy: .semantic, limit: 100),
            caller: ServiceFixture.anyone, user: UserID(stored: "ana"), session: nil)
          #expect(found.hits.count == 10)
        }
      }
      try await group.waitForAll()
    }
    try expectSound(writer, "at the end")
  }
}
