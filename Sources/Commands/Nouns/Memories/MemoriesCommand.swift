package import ArgumentParser
internal import MCPServer
internal import Records

/// `recollect memories`
package struct MemoriesCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "memories",
    abstract: "Add, look through, change and delete memories.",
    discussion: """
      An id alone says whose memory it is; --user names the owner it must have. Times are shown in \
      UTC. With --json every verb prints what the server's tool of that name gives: lists cut long \
      contents, `show` gives them whole. To find memories by what they say, use `recollect search`.
      """,
    subcommands: [
      List.self, Show.self, Add.self, Update.self, Delete.self, Clear.self, Stats.self,
      Context.self, Insights.self,
      History.self, Restore.self,
    ])

  package init() {}
}

/// A memory as it is shown to a person.
struct MemoryText {
  let memory: Memory

  var text: String {
    get throws {
      var fields = Fields()
      fields.add("memory", memory.id.description)
      fields.add("user", memory.user.description)
      fields.add("session", memory.session?.description)
      fields.add("type", memory.type)
      fields.add("created", memory.createdAt.short)
      fields.add("occurred", memory.occurredAt?.short)
      fields.add("version", memory.version == 1 ? nil : versionText)
      fields.add("importance", String(memory.importance))
      fields.add("expires", memory.expiresAt?.short)
      fields.add("supersedes", memory.supersedes?.description)
      fields.add("superseded by", memory.supersededBy?.description)
      try fields.add("metadata", memory.metadata)
      return fields.text + "\n\n" + memory.content
    }
  }

  private var versionText: String { "\(memory.version), of \(memory.updatedAt.short)" }
}

/// The reply of a tool that gives one memory.
struct MemoryReply: Decodable {
  let memory: Memory
}

/// Which memory a verb is about.
struct MemoryOptions: ParsableArguments {
  @Argument(help: "The memory's id.")
  var id: String

  @Option(help: "Whose memory it must be. Default: whoever owns it.")
  var user: String?
}

/// Which memories a verb is about.
struct MemorySelection: ParsableArguments {
  @Option(help: "Whose memories. Default: local or, with --session, its owner.")
  var user: String?

  @Option(help: "Only this session.")
  var session: String?
}
