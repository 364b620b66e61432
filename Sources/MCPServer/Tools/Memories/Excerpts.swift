internal import Records

/// How much of each content a reply with several memories shows.
enum Excerpts {
  /// Characters of contents in one reply, so that it stays well under ten thousand tokens.
  private static let budget = 30_000

  /// How many characters each of so many contents may have.
  static func length(count: Int) -> Int {
    min(Limits.excerptLength, share(count))
  }

  /// The same where as much as possible was asked for.
  static func fullLength(count: Int) -> Int { share(count) }

  private static func share(_ count: Int) -> Int { budget / max(1, count) }
}
