/// How long to wait before asking again.
///
/// Full jitter: anything from nothing to a bound that doubles, so that callers who failed together do
/// not come back together.
struct RetryPause: Sendable {
  let random: @Sendable () -> Double

  private static let first = 0.5
  private static let longest = 8.0
  /// What is added to a pause that the server asked for, at most, for the same reason.
  private static let spread = 0.25

  /// - Parameter asked: what the server asked for; there is no less than that.
  func duration(after attempt: Int, asked: Duration?) -> Duration {
    if let asked { return asked + .seconds(Self.spread * random()) }
    let bound = min(Self.longest, Self.first * Double(1 << min(attempt - 1, 10)))
    return .seconds(bound * random())
  }
}
