internal import Foundation
package import Records
internal import Retrieval

extension MemoryService {
  /// At most so many topics; fewer where there are few memories.
  private static let mostTopics = 12
  private static let termsOfTopic = 6
  private static let memoriesOfTopic = 3
  /// Of more memories than this the newest are grouped.
  private static let mostGrouped = 5_000
  /// So many of a topic's memories give it its terms.
  private static let memoriesForTerms = 100
  /// So much of each: what a text begins with says what it is about.
  private static let charactersForTerms = 2_000

  /// What a user's memories of a time are about, and how they spread over it.
  ///
  /// Topics are groups of memories that are near each other in meaning; without a model there are
  /// none. The same memories give the same topics.
  ///
  /// - Throws: `invalid_argument` when `since` is after `until`, `not_found`.
  package func insights(
    caller: Caller, user: UserID?, since: Timestamp? = nil, until: Timestamp? = nil
  ) throws -> MemoryInsights {
    if let since, let until, since > until {
      throw ServiceError.invalid("since", "must not be after until")
    }
    let filter = MemoryFilter(since: since, until: until)
    return try backend.search { searcher in
      let scope = try Authority.scope(of: user, for: caller)
      let statistics = try searcher.records.memoryStatistics(in: scope, filter)
      var insights = MemoryInsights(user: scope.user)
      insights.total = statistics.total
      insights.sessions = statistics.bySession
      (insights.period, insights.activity) = Self.activity(statistics.byDay)
      let clusters = try searcher.clusters(
        Self.topics(of: min(statistics.total, Self.mostGrouped)), in: scope, filter,
        sample: Self.mostGrouped)
      insights.grouped = clusters.reduce(0) { $0 + $1.count }
      insights.topics = try Self.topics(clusters, in: scope, searcher)
      return insights
    }
  }

  /// As many topics as give each a handful of memories at least, growing with the root.
  private static func topics(of memories: Int) -> Int {
    max(1, min(mostTopics, Int((Double(memories) / 4).squareRoot().rounded())))
  }

  private static func topics(
    _ clusters: [[Candidate]], in scope: Scope, _ searcher: any MemorySearcher
  ) throws -> [MemoryInsights.Topic] {
    let groups = try clusters.map { cluster in
      let keys = cluster.prefix(memoriesForTerms).map(\.key)
      let records = try searcher.memories(keys, in: scope)
      return keys.compactMap { records[$0] }
    }
    let terms = searcher.tellingWords(
      of: groups.map { $0.map { $0.excerpt(charactersForTerms).content } }, count: termsOfTopic)
    return clusters.indices.map { position in
      MemoryInsights.Topic(
        terms: terms[position], count: clusters[position].count,
        memories: Array(groups[position].prefix(memoriesOfTopic)))
    }
  }

  /// Days while there are few, then weeks from Monday on, then months.
  private static func activity(
    _ days: [MemoryStatistics.Share]
  ) -> (MemoryInsights.Period, [MemoryStatistics.Share]) {
    guard let first = days.first.flatMap({ Timestamp($0.name) }),
      let last = days.last.flatMap({ Timestamp($0.name) })
    else { return (.day, []) }
    let period: MemoryInsights.Period
    switch last.seconds(since: first) / 86_400 {
    case ..<31: return (.day, days)
    case ..<190: period = .week
    default: period = .month
    }
    var counts: [(name: String, count: Int)] = []
    for day in days {
      let name = start(of: period, day.name)
      if counts.last?.name == name {
        counts[counts.count - 1].count += day.count
      } else {
        counts.append((name, day.count))
      }
    }
    return (period, counts.map { MemoryStatistics.Share(name: $0.name, count: $0.count) })
  }

  /// The first day of the period that a day is in.
  private static func start(of period: MemoryInsights.Period, _ day: String) -> String {
    guard period != .month else { return day.prefix(7) + "-01" }
    guard let time = Timestamp(day) else { return day }
    let number = Int((Double(time.milliseconds) / 86_400_000).rounded(.down))
    // Day 0 of the epoch was a Thursday.
    let sinceMonday = ((number + 3) % 7 + 7) % 7
    return String(
      time.advanced(bySeconds: -86_400 * Double(sinceMonday)).description.prefix(10))
  }
}
