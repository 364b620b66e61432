internal import ConversationMemory
internal import Records

/// Reads one session.
package struct GetSessionInfo: SessionTool {
  package static let name = "get_session_info"
  package static let title = "Get a session"
  package static let description = """
    Call this to see whether a session is still active, when it expires, and how much it holds. \
    Reading a session does not count as activity in it.
    """
  package static let annotations = ToolAnnotations.reads

  let sessions: SessionService

  package func call(_ input: SessionInput, _ context: ToolContext) throws -> SessionOutput {
    SessionOutput(
      session: try sessions.session(input.id, caller: context.caller, user: input.user))
  }
}
