/// Recent rows, grouped by user; a value, so that a copy is a view that stays as it is.
///
/// Users lie in shards: after a copy was taken, a write copies one shard and the list of one user's
/// sessions, and the rows themselves never (they are only ever appended).
struct RowBuffer: Sendable {
  private static let shardCount = 256

  private var shards = [[ByteKey: UserRows]](repeating: [:], count: shardCount)

  var isEmpty: Bool { shards.allSatisfy(\.isEmpty) }

  subscript(user: String) -> UserRows? {
    let key = ByteKey(user)
    return shards[Self.shard(of: key)][key]
  }

  /// Changes the rows of a user, who is made when new.
  mutating func edit<R>(
    _ user: String, dimension: Int, _ body: (inout UserRows) -> R
  ) -> R {
    let key = ByteKey(user)
    return body(&shards[Self.shard(of: key)][key, default: UserRows(dimension: dimension)])
  }

  /// The names of the users with rows, in no order.
  var users: [String] { shards.flatMap { $0.keys.map(\.text) } }

  /// Everything, in no order.
  var runs: [RowRun] { shards.flatMap { $0.values.map(\.run) } }

  private static func shard(of user: ByteKey) -> Int {
    Int(UInt(bitPattern: user.hashValue) % UInt(shardCount))
  }
}
