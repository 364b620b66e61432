import Records
import Testing

@Suite struct SessionLifecycleTests {
  private let start = Timestamp(milliseconds: 1_000_000)
  private let lifecycle = SessionLifecycle(timeout: 10)

  private func record(expiredAt: Timestamp? = nil) -> SessionRecord {
    SessionRecord(
      id: .make(), user: UserID(stored: "u"), name: "s", createdAt: start, lastActivity: start,
      expiredAt: expiredAt)
  }

  @Test func `a session is active until its timeout is over, to the millisecond`() {
    let last = start.advanced(bySeconds: 9.999)
    #expect(lifecycle.view(of: record(), at: last).status == .active)
    #expect(lifecycle.view(of: record(), at: last).expiredAt == nil)
    let due = start.advanced(bySeconds: 10)
    let view = lifecycle.view(of: record(), at: due)
    #expect(view.status == .expired && view.expiredAt == due && view.expiresAt == due)
  }

  @Test func `an overdue session expired when it was due, whenever it is looked at`() {
    let late = start.advanced(bySeconds: 99_999)
    #expect(lifecycle.expiry(of: record(), at: late) == start.advanced(bySeconds: 10))
  }

  @Test func `once expired it stays so under a longer timeout`() {
    let expired = record(expiredAt: start.advanced(bySeconds: 1))
    let patient = SessionLifecycle(timeout: 1e9)
    #expect(patient.view(of: expired, at: start.advanced(bySeconds: 2)).status == .expired)
  }

  @Test func `a clock that steps back expires nothing`() {
    #expect(
      lifecycle.view(of: record(), at: Timestamp(milliseconds: 0)).status == .active)
  }
}
