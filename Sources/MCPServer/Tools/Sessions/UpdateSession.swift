internal import ConversationMemory
internal import Records

/// Changes a session's name or metadata.
package struct UpdateSession: SessionTool {
  package static let name = "update_session"
  package static let title = "Update a session"
  package static let description = """
    Call this to give a session a better name, or to note something about it. Metadata is merged, and \
    null removes a key; counters cannot be set.
    """
  package static let annotations = ToolAnnotations.updates

  let sessions: SessionService

  package struct Input: ToolInput {
    let session: SessionInput
    let name: String?
    let metadata: [String: JSONValue]?

    package init(_ arguments: inout ArgumentReader) throws {
      session = try SessionInput(&arguments)
      name = try arguments.optional(
        "session_name", .text(1...Limits.nameLength), "The new name.")
      metadata = try arguments.optional(
        "metadata", .metadataChanges, "Merged into the metadata; null removes a key.")
    }
  }

  package func call(_ input: Input, _ context: ToolContext) throws -> SessionOutput {
    SessionOutput(
      session: try sessions.update(
        input.session.id, name: input.name, metadata: input.metadata, caller: context.caller,
        user: input.session.user))
  }
}
