/// Rows of one session that are scored one after another, with what they hold of each word side by side.
///
/// A score is the same bit for bit as one that is summed term by term: what a row does not hold adds 0.
struct ScoreWindow {
  /// How much a term counts that the row itself does not hold but one so many places before or behind
  /// it in its session: a conversation spreads what it says over several turns.
  static let context = [1, first, second, third, fourth]
  static let reach = 4
  private static let (first, second, third, fourth) = (0.5, 0.4, 0.3, 0.2)
  /// So many rows are looked at together.
  private static let capacity = 256

  private let weights: TermWeights
  private let longest: Double
  /// The weights of four words each.
  private let blocks: [SIMD4<Double>]
  /// What all around a row counts, by how many there are before it and behind it.
  private let wholes: [Double]

  /// The rows that can be scored, of those of the session.
  private(set) var rows = 0..<0
  private var session = 0..<0
  /// One after another from `reach` before the first of these rows to as many behind the last. Where the
  /// session has no row there is an empty one.
  private var lengths: [Double] = []
  /// What a row counts for less as a neighbour because it is long.
  private var factors: [Double] = []
  /// The same rows for each block.
  private var frequencies: [SIMD4<Double>] = []

  /// - Parameter longest: a neighbour counts as no longer than so.
  init(_ weights: TermWeights, longest: Double) {
    self.weights = weights
    self.longest = longest
    blocks = weights.blocks
    wholes = (0...Self.reach).flatMap { before in
      (0...Self.reach).map { after in
        (-before...after).reduce(0) { $0 + Self.context[abs($1)] }
      }
    }
  }

  /// Whether a row of a session can be scored.
  func holds(_ row: Int, of session: Range<Int>) -> Bool {
    rows.contains(row) && session == self.session
  }

  /// Makes the window one of a row and those behind it.
  ///
  /// - Returns: the rows whose lengths and words have to be told, in their order.
  mutating func begin(from row: Int, of session: Range<Int>) -> Range<Int> {
    self.session = session
    rows = row..<min(session.upperBound, row + Self.capacity)
    let count = rows.count + 2 * Self.reach
    lengths.removeAll(keepingCapacity: true)
    lengths.append(contentsOf: repeatElement(0, count: count))
    factors.removeAll(keepingCapacity: true)
    factors.append(contentsOf: repeatElement(1, count: count))
    frequencies.removeAll(keepingCapacity: true)
    frequencies.append(contentsOf: repeatElement(.zero, count: count * blocks.count))
    return max(
      session.lowerBound, row - Self.reach)..<min(
        session.upperBound, rows.upperBound + Self.reach)
  }

  mutating func set(length: UInt32, of row: Int) {
    let place = row - rows.lowerBound + Self.reach
    let length = Double(length)
    lengths[place] = length
    if length > longest { factors[place] = longest / length }
  }

  mutating func add(_ rank: UInt32, _ frequency: UInt32, to row: Int) {
    let place = row - rows.lowerBound + Self.reach
    frequencies[Int(rank) / 4 * lengths.count + place][Int(rank) % 4] += Double(frequency)
  }

  /// The score of a row.
  func score(of row: Int) -> Double {
    let first = row - rows.lowerBound
    let f = factors.span.extracting(first..<(first + 9))
    let l = lengths.span.extracting(first..<(first + 9))
    let (s0, s1) = (Self.fourth * f[0], Self.third * f[1])
    let (s2, s3) = (Self.second * f[2], Self.first * f[3])
    let (s5, s6) = (Self.first * f[5], Self.second * f[6])
    let (s7, s8) = (Self.third * f[7], Self.fourth * f[8])
    // One after another, in the order of the rows, as a loop over those that there are would sum them.
    var length = s0 * l[0]
    length += s1 * l[1]
    length += s2 * l[2]
    length += s3 * l[3]
    length += l[4]
    length += s5 * l[5]
    length += s6 * l[6]
    length += s7 * l[7]
    length += s8 * l[8]
    let before = min(Self.reach, row - session.lowerBound)
    let after = min(Self.reach, session.upperBound - 1 - row)
    let norm = weights.norm(length: length / wholes[before * (Self.reach + 1) + after])
    var score = 0.0
    for block in blocks.indices {
      let start = block * lengths.count + first
      let n = frequencies.span.extracting(start..<(start + 9))
      var sum = s0 * n[0]
      sum += s1 * n[1]
      sum += s2 * n[2]
      sum += s3 * n[3]
      sum += n[4]
      sum += s5 * n[5]
      sum += s6 * n[6]
      sum += s7 * n[7]
      sum += s8 * n[8]
      let part = blocks[block] * sum / (sum + norm)
      // In the order of the ranks.
      score += part[0]
      score += part[1]
      score += part[2]
      score += part[3]
    }
    return weights.share(of: score)
  }
}
