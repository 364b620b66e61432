internal import ConversationMemory
internal import Records

/// Ends a session.
package struct ExpireSession: SessionTool {
  package static let name = "expire_session"
  package static let title = "Expire a session"
  package static let description = """
    Call this when a conversation or task is over. The session takes no more memories or questions; \
    what it holds stays searchable. Expiring it again changes nothing.
    """
  package static let annotations = ToolAnnotations.updates

  let sessions: SessionService

  package struct Output: Codable, Sendable {
    let session: Session
    let changed: Bool
  }

  package func call(_ input: SessionInput, _ context: ToolContext) throws -> Output {
    let expired = try sessions.expire(input.id, caller: context.caller, user: input.user)
    return Output(session: expired.session, changed: expired.changed)
  }
}
