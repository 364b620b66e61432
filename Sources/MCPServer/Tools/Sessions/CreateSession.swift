internal import ConversationMemory
internal import Records

/// Opens a session.
package struct CreateSession: SessionTool {
  package static let name = "create_session"
  package static let title = "Create a session"
  package static let description = """
    Call this when a new conversation or task begins whose memories belong together. Opens a \
    session and returns its id; pass that id to add_memory, search_memories and ask_question. A \
    user has a limited number of active sessions: expired_sessions lists those that had to expire. To \
    go on from an earlier session, also an expired one, name it under continues: searches in the new \
    session see it too.
    """
  package static let annotations = ToolAnnotations.adds

  let sessions: SessionService

  package struct Input: ToolInput {
    let user: UserID?
    let name: String?
    let metadata: [String: JSONValue]
    let continues: SessionID?

    package init(_ arguments: inout ArgumentReader) throws {
      user = try arguments.user("Whose session; leave it out for your own user.")
      name = try arguments.optional(
        "session_name", .text(1...Limits.nameLength), "A name that a person would recognise.")
      metadata = try arguments.optional(
        "metadata", .metadata, default: [:], "Anything to keep with the session.")
      continues = try arguments.optional(
        "continues", .id(), "An earlier session that this one goes on from.")
    }
  }

  package struct Output: Codable, Sendable {
    let session: Session
    let expired: [SessionID]

    private enum CodingKeys: String, CodingKey {
      case session
      case expired = "expired_sessions"
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> Output {
    let opened = try sessions.create(
      caller: context.caller, user: input.user, name: input.name, metadata: input.metadata,
      continuing: input.continues)
    return Output(session: opened.session, expired: opened.expired)
  }
}
