import ConversationMemory
import EmbeddedBackend
import Foundation
import Records
import Retrieval
import ServiceTestSupport
import Synchronization
import TestSupport
import Testing

/// Nobody waits without end for a process that holds the files of the index, as one does that was
/// suspended at the wrong moment.
@Suite struct PatienceTests {
  /// A lock of the index in another's hand.
  private final class Hold: Sendable {
    private let descriptor: Int32

    init(_ name: String, of fixture: ServiceFixture) throws {
      let path = fixture.directory.url.appendingPathComponent("data/index/\(name)").path
      descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
      try #require(descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    }

    deinit { close(descriptor) }

    func end() { flock(descriptor, LOCK_UN) }
  }

  private func filled(patience: Duration) throws -> ServiceFixture {
    let fixture = try ServiceFixture(patience: patience)
    for number in 0..<40 {
      _ = try fixture.add("apples \(number)", user: number % 2 == 0 ? "ana" : "ben")
    }
    try fixture.store.settleIndex()
    return fixture
  }

  private func count(_ fixture: ServiceFixture, of user: String) throws -> Int {
    try fixture.memories.search(
      .init(query: "apples", strategy: .semantic, limit: 100), caller: ServiceFixture.anyone,
      user: UserID(stored: user), session: nil
    ).hits.count
  }

  @Test(arguments: ["compaction.lock", "lock"])
  func
    `erasing says when another process holds the index, and meanwhile nothing else waits`(
      _ name: String
    ) throws
  {
    let fixture = try filled(patience: .milliseconds(400))
    let hold = try Hold(name, of: fixture)
    // So that a wait without end is a failure of this test and not its own.
    DispatchQueue.global().asyncAfter(deadline: .now() + 20) { hold.end() }
    let outcome = Mutex<Result<Int?, any Error>?>(nil)
    Thread.detachNewThread {
      let result = Result {
        try fixture.memories.forget(UserID(stored: "ana"), caller: ServiceFixture.anyone)
      }
      outcome.withLock { $0 = result }
    }
    var slowest = Duration.zero
    repeat {
      let clock = ContinuousClock()
      slowest = max(
        slowest,
        try clock.measure {
          #expect(try count(fixture, of: "ben") == 20)
          _ = try fixture.store.read { try $0.schemaVersion() }
        })
    } while outcome.withLock { $0 == nil }
    let failure = #expect(throws: ServiceError.self) {
      try outcome.withLock { try $0?.get() }
    }
    #expect(failure?.code == .unavailable && failure?.message.contains("index") == true)
    #expect(slowest < .seconds(15), "a search waited for the end of the hold")
    #expect(try count(fixture, of: "ana") == 0 && count(fixture, of: "ben") == 20)
    hold.end()
    #expect(
      try fixture.memories.forget(UserID(stored: "ana"), caller: ServiceFixture.anyone) == nil)
    let report = try fixture.store.verifyIndex()
    #expect(report.agrees && report.vectors == 20 && report.damage == nil)
  }

  @Test func `publishing for whoever comes next does not need the lock of merging`() throws {
    let fixture = try filled(patience: .milliseconds(50))
    let hold = try Hold("compaction.lock", of: fixture)
    _ = try fixture.add("apples once more", user: "ana")
    try fixture.store.settleIndex()
    #expect(try count(fixture, of: "ana") == 21)
    hold.end()
  }

  @Test func `a first search does without a folder that another process is about to make`() throws {
    let fixture = try ServiceFixture()
    _ = try fixture.add("apples", user: "ana")
    try FileManager.default.createDirectory(
      at: fixture.directory.url.appendingPathComponent("data/index"),
      withIntermediateDirectories: false)
    let hold = try Hold("lock", of: fixture)
    DispatchQueue.global().asyncAfter(deadline: .now() + 20) { hold.end() }
    #expect(try count(fixture, of: "ana") == 1)
    // Nothing was published, because the folder was still held.
    #expect(
      !FileManager.default.fileExists(
        atPath: fixture.directory.url.appendingPathComponent("data/index/MANIFEST").path))
  }

  @Test func `an index is not said to be built again while another process holds it`() throws {
    let fixture = try filled(patience: .milliseconds(400))
    let hold = try Hold("lock", of: fixture)
    DispatchQueue.global().asyncAfter(deadline: .now() + 30) { hold.end() }
    for _ in 0..<2 {
      let failure = #expect(throws: ServiceError.self) { try fixture.store.rebuildIndex() }
      #expect(failure?.code == .unavailable)
      #expect(try count(fixture, of: "ana") == 20, "meanwhile searches do without the folder")
    }
    hold.end()
    try fixture.store.rebuildIndex()
    _ = try fixture.add("apples once more", user: "ana")
    try fixture.store.settleIndex()
    let other = try ServiceFixture(directory: fixture.directory)
    for fixture in [fixture, other] {
      #expect(try count(fixture, of: "ana") == 21)
      let report = try fixture.store.verifyIndex()
      #expect(report.agrees && report.vectors == 41 && report.damage == nil)
    }
  }

  @Test func `a turn that does not end is waited for only so long`() throws {
    let turns = Turns(patience: .milliseconds(150))
    try turns.take()
    let failure = #expect(throws: ServiceError.self) { try turns.take() }
    #expect(failure?.code == .unavailable)
    turns.end()
    try turns.take()
    // Nobody who has gone away waits for long.
    let patient = Turns(patience: .seconds(3600))
    try patient.take()
    _ = Interest.depends(on: { true }) {
      #expect(throws: CancellationError.self) { try patient.take() }
    }
  }
}
