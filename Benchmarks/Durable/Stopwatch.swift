import Foundation

/// How fast something was done, and how much of the processors it took.
struct Pace {
  let perSecond: Double
  /// Processor time of one, of all threads and of the system on their behalf.
  let microseconds: Double
}

/// Measures from when it is made.
struct Stopwatch: Sendable {
  private let start = ContinuousClock.now
  private let spent = Self.processorSeconds

  /// In seconds.
  var elapsed: Double { (ContinuousClock.now - start) / .seconds(1) }

  func pace(of count: Int) -> Pace {
    Pace(
      perSecond: Double(count) / elapsed,
      microseconds: (Self.processorSeconds - spent) * 1e6 / Double(count))
  }

  private static var processorSeconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
