internal import ConversationMemory

/// Tries every part of the server.
package struct HealthCheck: Tool {
  package static let name = "health_check"
  package static let title = "Check the server's health"
  package static let description = """
    Call this when something seems wrong. Tries the database, the index, sessions, the embedding \
    model and the disk, and says which part is degraded and what to do about it.
    """
  package static let annotations = ToolAnnotations.reads

  let health: HealthService
  let version: String

  package struct Output: Codable, Sendable {
    let status: HealthService.Status
    let version: String
    let parts: [HealthService.Part]
  }

  package func call(_ input: NoArguments, _ context: ToolContext) throws -> Output {
    let report = health.check(caller: context.caller)
    return Output(status: report.status, version: version, parts: report.parts)
  }
}
