/// How far a mean would move with other questions of the same kind.
///
/// B. Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7(1), 1979, with
/// percentiles of the resampled means.
package enum Bootstrap {
  /// How often the values are drawn anew.
  package static let rounds = 1000

  /// The 95% interval of the mean of at least one value; the same for the same seed.
  package static func interval(of values: [Double], seed: UInt64) -> ClosedRange<Double> {
    precondition(!values.isEmpty, "there is no mean of nothing")
    var generator = RepeatableGenerator(state: seed)
    let means = (0..<rounds).map { _ in
      var sum = 0.0
      for _ in values.indices { sum += values[Int.random(in: values.indices, using: &generator)] }
      return sum / Double(values.count)
    }.sorted()
    let cut = rounds / 40
    return means[cut]...means[rounds - 1 - cut]
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014).
private struct RepeatableGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
