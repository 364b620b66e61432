import ConversationMemory
import EmbeddedBackend
import Embeddings
import Foundation
import Records
import Retrieval

/// All that searches of a store answer, to the last digit and as of one moment, so that the answers of
/// two programs can be compared.
struct Answers {
  private let store: EmbeddedStore
  private let memories: MemoryService

  /// - Parameter directory: of a store whose vectors are of the hashing embedder.
  init(_ directory: URL) throws {
    store = try EmbeddedStore(directory: directory, clock: { Self.now })
    memories = MemoryService(
      backend: store, embedding: TextEmbedding { HashingEmbedder() }, rules: SessionRules(),
      touches: TouchBuffer(isRecording: false), clock: { Self.now })
  }

  private static let now = Timestamp(milliseconds: 1_796_000_000_000)

  private struct Question: Decodable {
    let user_id: String
    let question: String
  }

  /// Writes the answers to the questions of a file to standard output.
  func write(to questions: URL) throws {
    for line in try String(contentsOf: questions, encoding: .utf8).split(separator: "\n") {
      let question = try JSONDecoder().decode(Question.self, from: Data(line.utf8))
      let user = UserID(stored: question.user_id)
      for search in Self.searches(question.question) { try write(search, of: user, in: nil) }
      let first = try memories.search(
        .init(query: question.question), caller: .unbound(default: nil), user: user, session: nil)
      guard let session = first.hits.first?.memory.session else { continue }
      for search in Self.searches(question.question) { try write(search, of: user, in: session) }
    }
    try store.close()
  }

  private static func searches(_ query: String) -> [MemoryService.Search] {
    RetrievalStrategy.allCases.flatMap { strategy in
      [
        .init(query: query, strategy: strategy),
        .init(query: query, strategy: strategy, limit: 50),
        .init(
          query: query + " last month?", strategy: strategy, limit: 10,
          minimumRelevance: .value(0.2)),
        .init(
          query: query, strategy: strategy, filter: MemoryFilter(types: ["conversation", "fact"])),
        .init(
          query: query, strategy: strategy,
          filter: MemoryFilter(since: Timestamp(milliseconds: 1_771_000_000_000))),
      ]
    }
  }

  private func write(
    _ search: MemoryService.Search, of user: UserID, in session: SessionID?
  ) throws {
    let found = try memories.search(
      search, caller: .unbound(default: nil), user: user, session: session)
    print(user, session?.description ?? "-", search.strategy, search.limit, search.query)
    print(" ", found.belowRelevance, found.collapsed)
    for hit in found.hits { print(" ", hit) }
  }
}
