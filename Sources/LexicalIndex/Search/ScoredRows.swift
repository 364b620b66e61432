/// Sums what some rows and those around them in their session hold of each term, and scores them.
///
/// A row adds to the sums of all that it stands beside at once, and rows are scored term by term: no sum
/// is touched by another order of rows or terms than the one that its row alone would have, so a score
/// is the same to the last bit in whatever block its row lies.
struct ScoredRows {
  /// How many rows are scored together.
  static let capacity = 256
  /// How many places away those before and behind a row still count with it.
  static let reach = 4

  /// How much a term counts that the row itself does not hold but one so many places before or behind
  /// it in its session: a conversation spreads what it says over several turns.
  private static let context = [1, 0.5, 0.4, 0.3, 0.2]
  /// A neighbour counts as no more than one of so many times the mean length: a long one says much that
  /// is not about what stands beside it.
  private static let longestNeighbor = 2.0
  /// What a row counts for those from four places before it to three behind, and then for the fourth.
  private static let shares = SIMD8(0.2, 0.3, 0.4, 0.5, 1, 0.5, 0.4, 0.3)
  private static let lastShare = 0.2

  /// Room for the rows beside a block as well, and for those beside these, whose sums nobody wants.
  private static let stride = capacity + 4 * reach

  private let rankCount: Int
  /// Sums by rank, then by row; all 0 between blocks.
  private var frequencies: [Double]
  private var lengths = [Double](repeating: 0, count: stride)
  /// How much all rows count together that count with a row.
  private var wholes = [Double](repeating: 1, count: stride)
  /// Which ranks have a sum.
  private var isHeld: [Bool]
  private let wholesByReach: [Double]

  // What the row counts that is being noted.
  private var target = 0
  private var shares = Self.shares
  private var lastShare = Self.lastShare

  init(rankCount: Int) {
    self.rankCount = rankCount
    frequencies = [Double](repeating: 0, count: rankCount * Self.stride)
    isHeld = [Bool](repeating: false, count: rankCount)
    wholesByReach = (0...Self.reach).flatMap { before in
      (0...Self.reach).map { behind in
        (-before...behind).reduce(0) { $0 + Self.context[abs($1)] }
      }
    }
  }

  /// Begins with a row that counts with nobody.
  ///
  /// - Parameter row: counted from the first of the block.
  mutating func begin(alone row: Int, length: UInt32) {
    target = row + 2 * Self.reach
    lengths[target] = Double(length)
    wholes[target] = 1
  }

  /// Notes what the row holds of a term; each term once.
  mutating func add(alone rank: UInt32, _ frequency: UInt32) {
    frequencies[Int(rank) * Self.stride + target] = Double(frequency)
    isHeld[Int(rank)] = true
  }

  /// Begins with a row of a session; those beside a block count with its rows.
  mutating func begin(_ row: Int, length: UInt32, _ mean: Double) {
    let own = Double(length)
    let longest = Self.longestNeighbor * mean
    shares = Self.shares
    lastShare = Self.lastShare
    if own > longest {
      let part = longest / own
      shares *= part
      shares[Self.reach] = 1
      lastShare *= part
    }
    target = row + Self.reach
    Self.add(own, shares, lastShare, to: &lengths, at: target)
  }

  /// Notes what the row holds of a term, for itself and for those beside it.
  mutating func add(_ rank: UInt32, _ frequency: UInt32) {
    Self.add(
      Double(frequency), shares, lastShare, to: &frequencies,
      at: Int(rank) * Self.stride + target)
    isHeld[Int(rank)] = true
  }

  private static func add(
    _ value: Double, _ shares: SIMD8<Double>, _ lastShare: Double, to sums: inout [Double],
    at first: Int
  ) {
    precondition(first >= 0 && first + 2 * reach < sums.count)
    unsafe sums.withUnsafeMutableBytes { bytes in
      let place = first * MemoryLayout<Double>.stride
      let sum = unsafe bytes.loadUnaligned(fromByteOffset: place, as: SIMD8<Double>.self)
      unsafe bytes.storeBytes(
        of: sum + shares * value, toByteOffset: place, as: SIMD8<Double>.self)
    }
    sums[first + 2 * reach] += lastShare * value
  }

  /// Says how many rows of its session stand before and behind a row of the block.
  mutating func surround(_ row: Int, before: Int, behind: Int) {
    wholes[row + 2 * Self.reach] =
      wholesByReach[min(before, Self.reach) * (Self.reach + 1) + min(behind, Self.reach)]
  }

  /// Appends the scores of the first rows, and forgets all that was noted.
  mutating func take(_ count: Int, by weights: TermWeights, into scores: inout [Double]) {
    let first = scores.count
    scores.append(contentsOf: repeatElement(0, count: count))
    let isEmpty = !isHeld.contains(true)
    if !isEmpty {
      for row in 0..<count {
        let place = row + 2 * Self.reach
        lengths[place] = weights.norm(length: lengths[place] / wholes[place])
      }
      for rank in 0..<rankCount where isHeld[rank] {
        addWorth(weights.weight(of: rank), rank, count, to: &scores, from: first)
        for place in rank * Self.stride..<(rank + 1) * Self.stride { frequencies[place] = 0 }
        isHeld[rank] = false
      }
      for row in first..<scores.count { scores[row] = weights.share(scores[row]) }
    }
    for place in lengths.indices { lengths[place] = 0 }
  }

  /// Adds what a term is worth to each of the rows.
  private func addWorth(
    _ weight: Double, _ rank: Int, _ count: Int, to scores: inout [Double], from first: Int
  ) {
    let norms = lengths.span.extracting(2 * Self.reach..<2 * Self.reach + count)
    let sums = rank * Self.stride..<(rank + 1) * Self.stride
    let held = frequencies.span.extracting(sums).extracting(
      2 * Self.reach..<2 * Self.reach + count)
    precondition(first + count <= scores.count)
    unsafe scores.withUnsafeMutableBufferPointer { scores in
      unsafe held.withUnsafeBufferPointer { held in
        unsafe norms.withUnsafeBufferPointer { norms in
          for row in 0..<count {
            let frequency = unsafe held[row]
            unsafe scores[first + row] += weight * frequency / (frequency + norms[row])
          }
        }
      }
    }
  }
}
