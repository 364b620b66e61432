/// What a user's memories are about, and when they came.
package struct MemoryInsights: Hashable, Sendable {
  /// Memories that are about the same thing.
  package struct Topic: Hashable, Sendable {
    /// Words that tell it from the other topics, the most telling first.
    package let terms: [String]
    /// How many of the memories that were looked at belong to it.
    package let count: Int
    /// The most typical ones.
    package let memories: [Memory]

    package init(terms: [String], count: Int, memories: [Memory]) {
      self.terms = terms
      self.count = count
      self.memories = memories
    }
  }

  /// How long a period of the activity is.
  package enum Period: String, CaseIterable, Sendable, Codable {
    case day
    case week
    case month
  }

  package var user: UserID
  package var total = 0
  /// The largest first.
  package var topics: [Topic] = []
  /// How many memories were grouped: those with a vector that no other has taken the place of, the newest
  /// of very many.
  package var grouped = 0
  package var period = Period.day
  /// By the first day of each period with memories, ascending.
  package var activity: [MemoryStatistics.Share] = []
  /// By session, most first.
  package var sessions: [MemoryStatistics.Share] = []

  package init(user: UserID) { self.user = user }
}
