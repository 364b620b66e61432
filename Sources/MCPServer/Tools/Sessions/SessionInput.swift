package import Records

/// The arguments of a tool that is about one session.
package struct SessionInput: ToolInput {
  let id: SessionID
  let user: UserID?

  package init(_ arguments: inout ArgumentReader) throws {
    id = try arguments.required("session_id", .id(), "The session, as create_session returned it.")
    user = try arguments.user("Whose session it must be; leave it out for its owner.")
  }
}

/// A session as the only result.
package struct SessionOutput: Codable, Sendable {
  let session: Session
}

extension SessionOutput: JSONWritable {
  package func write(to writer: inout JSONTextWriter) throws {
    try writer.object { try $0.member("session", session) }
  }
}
