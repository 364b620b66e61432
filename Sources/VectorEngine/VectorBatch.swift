/// Rows to be stored together.
public struct VectorBatch: Sendable {
  /// The id of each row: unique in the collection, and always of one user.
  public var ids: [UInt64]
  /// The group of each row: the record it belongs to. A search counts and returns groups.
  public var groups: [UInt64]
  /// Whom each row belongs to.
  public var scopes: [RowScope]
  /// A time for each row, in whatever unit the caller filters by.
  public var times: [Int64]
  /// The vectors: `count × dimension`, row-major.
  public var rows: [Float]

  /// Gathers rows.
  ///
  /// - Parameters:
  ///   - ids: one for each row.
  ///   - groups: one for each row; by default each row is a group of its own, named by its id.
  ///   - scopes: one for each row.
  ///   - times: one for each row; 0 by default.
  ///   - rows: `ids.count × dimension` elements, row-major.
  public init(
    ids: [UInt64], groups: [UInt64]? = nil, scopes: [RowScope], times: [Int64]? = nil,
    rows: [Float]
  ) {
    self.ids = ids
    self.groups = groups ?? ids
    self.scopes = scopes
    self.times = times ?? [Int64](repeating: 0, count: ids.count)
    self.rows = rows
  }
}
