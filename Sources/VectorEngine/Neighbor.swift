/// A row that was found: the best one of its group.
public struct Neighbor: Hashable, Sendable {
  /// The row.
  public let id: UInt64
  /// The group it belongs to.
  public let group: UInt64
  /// How close it is, by the collection's metric; greater is closer.
  public let score: Float

  /// Names a row and its score.
  public init(id: UInt64, group: UInt64, score: Float) {
    self.id = id
    self.group = group
    self.score = score
  }

  /// The order of results: score descending, then id ascending.
  static func precedes(_ a: Neighbor, _ b: Neighbor) -> Bool {
    a.score != b.score ? a.score > b.score : a.id < b.id
  }
}
