/// The distinct terms of a query that any row may hold.
///
/// A term's rank is its place in the order of the terms' letters. Scores are summed by rank, so
/// that neither the order of the query nor that in which terms got their numbers touches a bit of
/// them.
struct QueryTerms {
  private static let bucketCount = 2048

  /// The numbers by bucket, and the rank of each.
  private let numbers: [UInt32]
  private let ranks: [UInt32]
  /// For each bucket one more than where its numbers begin; 0 if it has none, which is where
  /// nearly all terms of a row end.
  private var starts = [UInt32](repeating: 0, count: bucketCount)
  /// How many ranks there are, those of terms that no row ever held included.
  let rankCount: Int

  /// Whether several numbers have one rank.
  let hasSynonyms: Bool

  /// - Parameter numbersByRank: what stands for each word in the rows that are read; none where no row
  ///   holds it.
  init(numbers numbersByRank: [[UInt32]]) {
    hasSynonyms = numbersByRank.contains { $0.count > 1 }
    let known = zip(numbersByRank, UInt32(0)...)
      .flatMap { numbers, rank in numbers.map { (number: $0, rank: rank) } }
      .sorted { Self.bucket(of: $0.number) < Self.bucket(of: $1.number) }
    numbers = known.map(\.number)
    ranks = known.map(\.rank)
    rankCount = numbersByRank.count
    for (position, number) in numbers.enumerated().reversed() {
      starts[Self.bucket(of: number)] = UInt32(position + 1)
    }
  }

  var isEmpty: Bool { numbers.isEmpty }

  /// The rank of a number, or nil if it is none of the query's.
  @inline(__always)
  func rank(of number: UInt32) -> UInt32? {
    let bucket = Self.bucket(of: number)
    let start = starts[bucket]
    return start == 0 ? nil : rank(of: number, in: bucket, from: Int(start) - 1)
  }

  private func rank(of number: UInt32, in bucket: Int, from start: Int) -> UInt32? {
    var position = start
    while position < numbers.count, Self.bucket(of: numbers[position]) == bucket {
      if numbers[position] == number { return ranks[position] }
      position += 1
    }
    return nil
  }

  @inline(__always)
  private static func bucket(of number: UInt32) -> Int {
    Int(number & UInt32(bucketCount - 1))
  }
}
