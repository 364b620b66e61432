package import ConversationMemory
package import EmbeddedBackend
package import Embeddings
import Foundation
package import LanguageModels
package import RAG
package import Records
import Synchronization
import TestSupport

/// A clock that stands until it is moved.
package final class ManualClock: Sendable {
  private let time = Mutex(Timestamp(milliseconds: 1_790_000_000_000))

  package init() {}

  package var now: Timestamp { time.withLock { $0 } }

  package func advance(seconds: Double) {
    time.withLock { $0 = $0.advanced(bySeconds: seconds) }
  }
}

/// The services over a store of their own, with a clock of the test's.
package final class ServiceFixture: Sendable {
  package let directory: TemporaryDirectory
  package let store: EmbeddedStore
  package let clock: ManualClock
  package let touches = TouchBuffer()
  private let rules: SessionRules
  package let sessions: SessionService
  package let memories: MemoryService
  package let questions: QuestionAnswering
  package let embedding: TextEmbedding

  /// Whoever may name any user.
  package static let anyone = Caller.unbound(default: nil)

  /// - Parameter embedder: nil for a machine without a model.
  /// - Parameter model: extracts facts and answers questions.
  package init(
    rules: SessionRules = SessionRules(maximumPerUser: 3, timeout: 100),
    embedder: (any Embedder)? = HashingEmbedder(), directory: TemporaryDirectory? = nil,
    clock: ManualClock = ManualClock(), model: (any AnswerModel)? = nil,
    patience: Duration = .seconds(30),
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    self.directory = try directory ?? TemporaryDirectory()
    self.clock = clock
    self.rules = rules
    store = try EmbeddedStore(
      directory: self.directory.url.appendingPathComponent("data"), clock: { clock.now },
      patience: patience, log: log)
    embedding = TextEmbedding { embedder }
    let now: @Sendable () -> Timestamp = { clock.now }
    sessions = SessionService(backend: store, rules: rules, touches: touches, clock: now)
    memories = MemoryService(
      backend: store, embedding: embedding, rules: rules, touches: touches, model: model,
      clock: now)
    questions = QuestionAnswering(
      backend: store, embedding: embedding, rules: rules, model: model, clock: now)
  }

  /// Stores a text for a user.
  package func add(
    _ content: String, user: String, session: SessionID? = nil, type: String = "conversation",
    occurredAt: Timestamp? = nil
  ) throws -> Memory {
    try memories.add(
      MemoryService.Draft(content: content, type: type, occurredAt: occurredAt),
      caller: Self.anyone, user: UserID(stored: user), session: session
    ).memory
  }

  /// Opens a session for a user.
  package func open(_ user: String, _ name: String? = nil) throws -> SessionService.Opened {
    try sessions.create(
      caller: Self.anyone, user: UserID(stored: user), name: name, metadata: [:])
  }

  /// Stores what searches have touched.
  package func flushTouches() throws { try touches.flush(to: store, rules) }

  /// The contents that a search finds.
  package func contents(
    _ query: String, user: String, session: SessionID? = nil,
    strategy: RetrievalStrategy = .hybrid, filter: MemoryFilter = MemoryFilter(), limit: Int = 100
  ) throws -> [String] {
    try memories.search(
      .init(query: query, strategy: strategy, filter: filter, limit: limit), caller: Self.anyone,
      user: UserID(stored: user), session: session
    ).hits.map(\.memory.content)
  }
}
