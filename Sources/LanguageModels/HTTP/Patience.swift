internal import Records

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// How long a request may take, and whether anybody still wants it.
struct Patience {
  private let deadline: ContinuousClock.Instant

  init(until deadline: ContinuousClock.Instant) { self.deadline = deadline }

  /// So often it is asked whether anybody still waits.
  private static let look = Duration.milliseconds(50)

  /// The same with an earlier end, when that is earlier.
  func limited(to duration: Duration) -> Patience {
    Patience(until: min(deadline, .now + duration))
  }

  /// The same for one of so many things that have to be done in the time that is left.
  func share(of count: Int) -> Patience {
    Patience(until: .now + (deadline - .now) / count)
  }

  /// - Returns: how long the next wait may be.
  func check() throws(HTTPFault) -> Duration {
    if Interest.isGone() { throw .abandoned }
    let rest = deadline - .now
    guard rest > .zero else { throw .timedOut }
    return min(rest, Self.look)
  }

  /// Waits until a socket can be read from or written to.
  func wait(for events: Int32, of socket: Int32) throws(HTTPFault) {
    while true {
      let rest = try check()
      var waits = [pollfd(fd: socket, events: Int16(events), revents: 0)]
      // Rounded up: a wait of no time would only turn the loop.
      let count = unsafe poll(&waits, 1, Int32(rest / .milliseconds(1)) + 1)
      if count > 0 { return }
      guard count == 0 || errno == EINTR else { throw .broken }
    }
  }

  /// Waits for so long, or until nobody wants what comes after.
  func pause(for duration: Duration) throws(HTTPFault) {
    let end = ContinuousClock.now + duration
    while case let rest = end - .now, rest > .zero {
      let step = min(rest, try check())
      var time = timespec(
        tv_sec: Int(step / .seconds(1)),
        tv_nsec: Int(step / .nanoseconds(1)) % 1_000_000_000)
      unsafe nanosleep(&time, nil)
    }
  }
}
