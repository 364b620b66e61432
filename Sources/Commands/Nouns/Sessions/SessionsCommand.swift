package import ArgumentParser
internal import MCPServer
internal import Records

/// `recollect sessions`
package struct SessionsCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sessions",
    abstract: "Open, look through, end and delete sessions.",
    discussion: """
      An id alone says whose session it is; --user names the owner it must have. Times are shown in \
      UTC. With --json every verb prints what the server's tool of that name gives.
      """,
    subcommands: [
      List.self, Show.self, Create.self, Update.self, Expire.self, Delete.self, Stats.self,
    ])

  package init() {}
}

/// A session as it is shown to a person.
struct SessionText: Decodable {
  let session: Session

  var text: String {
    get throws {
      var fields = Fields()
      fields.add("session", session.id.description)
      fields.add("user", session.user.description)
      fields.add("name", session.name)
      fields.add("status", session.status.rawValue)
      fields.add("created", session.createdAt.short)
      fields.add("last activity", session.lastActivity.short)
      fields.add(session.expiredAt == nil ? "expires" : "expired", session.expiresAt.short)
      fields.add("answered questions", String(session.interactionCount))
      fields.add("memories", String(session.memoryCount))
      fields.add("continues", session.continues?.description)
      try fields.add("metadata", session.metadata)
      return fields.text
    }
  }
}

/// Which session a verb is about.
struct SessionOptions: ParsableArguments {
  @Argument(help: "The session's id.")
  var id: String

  @Option(help: "Whose session it must be. Default: whoever owns it.")
  var user: String?
}
