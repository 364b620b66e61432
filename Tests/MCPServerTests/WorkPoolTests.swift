import Dispatch
import MCPServer
import Synchronization
import Testing

@Suite struct WorkPoolTests {
  /// How many pieces run, and how many ran at once at most.
  private final class Gauge: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    func enter() {
      counts.withLock { counts in
        counts.now += 1
        counts.most = max(counts.most, counts.now)
      }
    }

    func leave() { counts.withLock { $0.now -= 1 } }

    var most: Int { counts.withLock { $0.most } }
  }

  @Test func `pieces that wait for later ones do not keep those from beginning`() {
    let pool = WorkPool(limit: 4, whileQuick: 1)
    let gates = (0..<3).map { _ in DispatchSemaphore(value: 0) }
    let missed = Mutex(0)
    for gate in gates {
      pool.run {
        if gate.wait(timeout: .now() + 60) == .timedOut { missed.withLock { $0 += 1 } }
      }
    }
    pool.run { for gate in gates { gate.signal() } }
    #expect(pool.waitUntilIdle(until: .now() + 120))
    #expect(missed.withLock { $0 } == 0)
  }

  @Test(arguments: [nil, 1, 2])
  func `every piece runs, never more at once than the limit`(quick: Int?) {
    let pool = WorkPool(limit: 3, whileQuick: quick)
    let gauge = Gauge()
    let done = Atomic(0)
    for number in 0..<2_000 {
      pool.run {
        gauge.enter()
        if number % 100 == 0 { _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 0.015) }
        done.add(1, ordering: .relaxed)
        gauge.leave()
      }
    }
    #expect(pool.waitUntilIdle(until: .now() + 120))
    #expect(done.load(ordering: .relaxed) == 2_000)
    #expect((1...3).contains(gauge.most))
  }
}
