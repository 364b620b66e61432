internal import App
package import ArgumentParser
internal import Records

/// `recollect users`
package struct UsersCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "users",
    abstract: "List the users of a store, or erase one.",
    subcommands: [List.self, Forget.self])

  package init() {}

  /// `recollect users list`
  package struct List: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show every user that has stored something.",
      discussion: "Exits with 1 when there is none.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Report: Encodable {
      let users: [UserID]
      let total: Int
    }

    package func run() throws {
      let users = try store.withApplication(output) { try $0.users() }
      try output.print(Report(users: users, total: users.count)) {
        users.map(\.description).joined(separator: "\n")
      }
      if users.isEmpty { throw ExitStatus.no }
    }
  }

  /// `recollect users forget`
  package struct Forget: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Erase a user: sessions, memories, their history and vectors, for good.",
      discussion: """
        Afterwards no byte of what the user stored is in any file of the data directory. Servers that \
        run drop it from their memory before their next search. Exits with 1 when there is no such user.
        """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The user to erase.")
    var user: String

    @Flag(help: "Do it; without this the command only says what it would erase.")
    var yes = false

    package init() {}

    private struct Report: Encodable {
      let user: UserID
      let forgotten: Bool
      let memories: Int
    }

    package func run() throws {
      let user = try UserID(user)
      guard yes else {
        throw InputError(
          .wrongUse, "This erases everything of \(user) for good. Say it again with --yes.")
      }
      let erased = try store.withApplication(output) { try $0.forget(user) }
      let report = Report(user: user, forgotten: erased != nil, memories: erased ?? 0)
      try output.print(report) {
        erased.map { "Erased \(user) and \($0) memories." } ?? "There is no user \(user)."
      }
      if erased == nil { throw ExitStatus.no }
    }
  }
}
