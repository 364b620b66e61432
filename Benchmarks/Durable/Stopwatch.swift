import Foundation

/// How fast something was done, and how much of the processors it took.
struct Pace {
  let perSecond: Double
  /// Processor time of one, of all threads and of the system on their behalf.
  let microseconds: Double
}

/// Time and processor time, of parts of what a program does.
struct Account {
  private(set) var seconds = 0.0
  private var processorSeconds = 0.0

  mutating func measure<R>(_ body: () throws -> R) rethrows -> R {
    let (start, spent) = (ContinuousClock.now, Stopwatch.processorSeconds)
    defer {
      seconds += (ContinuousClock.now - start) / .seconds(1)
      processorSeconds += Stopwatch.processorSeconds - spent
    }
    return try body()
  }

  static func + (_ a: Account, _ b: Account) -> Account {
    var sum = a
    sum.seconds += b.seconds
    sum.processorSeconds += b.processorSeconds
    return sum
  }

  func pace(of count: Int) -> Pace {
    Pace(
      perSecond: Double(count) / seconds, microseconds: processorSeconds * 1e6 / Double(count))
  }
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

  fileprivate static var processorSeconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
