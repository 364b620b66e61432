package import ArgumentParser
internal import MCPServer
internal import Records

extension SessionsCommand {
  /// `recollect sessions create`
  package struct Create: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Open a session.",
      discussion: """
        A user has a limited number of active sessions: when one more is opened, the one that was \
        used least recently expires, and the reply names it.
        """)

    @Option(help: "Whose session. Default: local.")
    var user: String?

    @Option(help: "A name that a person would recognise. Default: the time.")
    var name: String?

    @Option(help: ArgumentHelp("Anything to keep with it, as a JSON object.", valueName: "json"))
    var metadata: String?

    @Option(help: "An earlier session that this one goes on from; searches see it too.")
    var continues: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Opened: Decodable {
      let session: Session
      let expired: [SessionID]

      private enum CodingKeys: String, CodingKey {
        case session
        case expired = "expired_sessions"
      }
    }

    package func run() throws {
      let result = try store.call(
        CreateSession.self,
        [
          "user_id": JSONValue(user), "session_name": JSONValue(name),
          "metadata": try JSONValue(json: metadata, "metadata"), "continues": JSONValue(continues),
        ], output)
      let opened: Opened = try result.read()
      try output.print(result.output) {
        (["Opened \(opened.session.id) for \(opened.session.user): \(opened.session.name)"]
          + opened.expired.map { "Expired \($0), because there were too many." })
          .joined(separator: "\n")
      }
    }
  }

  /// `recollect sessions update`
  package struct Update: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Change a session's name or metadata.",
      discussion: "Exits with 1 when there is no such session.")

    @OptionGroup var session: SessionOptions
    @Option(help: "The new name.")
    var name: String?

    @Option(
      help: ArgumentHelp(
        "A JSON object to merge into the metadata; null removes a key.", valueName: "json"))
    var metadata: String?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func validate() throws {
      guard name != nil || metadata != nil else {
        throw ValidationError("Say what is to change: --name, --metadata or both.")
      }
    }

    package func run() throws {
      let result = try store.call(
        UpdateSession.self,
        [
          "session_id": .string(session.id), "user_id": JSONValue(session.user),
          "session_name": JSONValue(name), "metadata": try JSONValue(json: metadata, "metadata"),
        ], output)
      let text = try result.read(SessionText.self).text
      try output.print(result.output) { text }
    }
  }

  /// `recollect sessions expire`
  package struct Expire: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "End a session; what it holds stays and can be searched.",
      discussion: """
        Ending it again changes nothing and is no error. Exits with 1 when there is no such session.
        """)

    @OptionGroup var session: SessionOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Ended: Decodable {
      let session: Session
      let changed: Bool
    }

    package func run() throws {
      let result = try store.call(
        ExpireSession.self,
        ["session_id": .string(session.id), "user_id": JSONValue(session.user)], output)
      let ended: Ended = try result.read()
      try output.print(result.output) {
        ended.changed
          ? "Expired \(ended.session.id)."
          : "\(ended.session.id) had expired already, \(ended.session.expiresAt.short)."
      }
    }
  }

  /// `recollect sessions delete`
  package struct Delete: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Delete a session and its memories, for good.",
      discussion: "Exits with 1 when there is no such session.")

    @OptionGroup var session: SessionOptions
    @Flag(help: "Its memories stay the user's.")
    var keepMemories = false

    @Flag(help: "Do it; without this nothing is deleted.")
    var yes = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Deleted: Decodable {
      let deleted: Bool
      let memories: Int

      private enum CodingKeys: String, CodingKey {
        case deleted
        case memories = "deleted_memories"
      }
    }

    package func run() throws {
      guard yes else {
        let what = keepMemories ? "the session" : "the session and all its memories"
        throw InputError(.wrongUse, "This deletes \(what) for good. Say it again with --yes.")
      }
      let result = try store.call(
        DeleteSession.self,
        [
          "session_id": .string(session.id), "user_id": JSONValue(session.user),
          "delete_memories": .bool(!keepMemories),
        ], output)
      let deleted: Deleted = try result.read()
      try output.print(result.output) {
        deleted.deleted
          ? "Deleted the session and \(deleted.memories) memories." : "There is no such session."
      }
      if !deleted.deleted { throw ExitStatus.no }
    }
  }
}
