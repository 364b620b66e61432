package import ConversationMemory
package import RAG

/// What the tools work with.
package struct Services: Sendable {
  package let sessions: SessionService
  package let memories: MemoryService
  package let questions: QuestionAnswering
  package let contexts: ContextAssembly
  package let health: HealthService
  package let version: String

  package init(
    sessions: SessionService, memories: MemoryService, questions: QuestionAnswering,
    contexts: ContextAssembly, health: HealthService, version: String
  ) {
    self.sessions = sessions
    self.memories = memories
    self.questions = questions
    self.contexts = contexts
    self.health = health
    self.version = version
  }
}
