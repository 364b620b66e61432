internal import ConversationMemory
package import Foundation
package import Records

/// What the command line asks of the services.
extension Application {
  /// A search that a person types.
  package struct MemoryQuery: Sendable {
    package var text: String
    package var user: UserID?
    package var session: SessionID?
    package var strategy: RetrievalStrategy
    package var filter: MemoryFilter
    package var limit: Int
    package var minimumRelevance: RelevanceThreshold

    package init(
      text: String, user: UserID?, session: SessionID? = nil,
      strategy: RetrievalStrategy = .hybrid, filter: MemoryFilter = MemoryFilter(),
      limit: Int = Limits.defaultSearchCount, minimumRelevance: RelevanceThreshold = .none
    ) {
      self.text = text
      self.user = user
      self.session = session
      self.strategy = strategy
      self.filter = filter
      self.limit = limit
      self.minimumRelevance = minimumRelevance
    }
  }

  /// Finds memories, as whoever owns the data directory.
  package func search(_ query: MemoryQuery) throws -> RetrievalResult {
    try memories.search(
      MemoryService.Search(
        query: query.text, strategy: query.strategy, filter: query.filter, limit: query.limit,
        minimumRelevance: query.minimumRelevance),
      caller: .unbound(default: settings.defaultUser), user: query.user,
      session: query.session)
  }

  /// Every user that has stored something.
  package func users() throws -> [UserID] {
    try memories.users(caller: .unbound(default: nil))
  }

  /// Erases a user; nil when there is none of that name.
  package func forget(_ user: UserID) throws -> Int? {
    try memories.forget(user, caller: .unbound(default: nil))
  }

  /// Hands out the JSON of every record of one user, or of all, as whoever owns the data directory.
  package func exportRecords(of user: UserID?, _ body: (Data) throws -> Void) throws {
    try memories.export(caller: .unbound(default: nil), user: user) { record in
      try body(try JSON.data(record))
    }
  }
}
