internal import App
package import ArgumentParser
internal import MCPServer
internal import Records

/// `recollect serve`
package struct ServeCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve an MCP client on standard input and output.",
    discussion: """
      Any number of servers may use one data directory at once. Without a model the server starts \
      all the same and searches by keyword; it takes up a model that is installed later.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Option(
    help: "standard, core, all, or names of tools with commas between them. Default: standard.")
  var tools: String?

  @Flag(help: "Offer no tool that writes.")
  var readOnly = false

  @Option(help: "Bind the client to one user; it can name no other.")
  var user: String?

  @Option(help: "Whom the client means when it names no user. Default: local.")
  var defaultUser: String?

  package init() {}

  package func run() throws {
    let settings = try Settings(
      store.options(
        output,
        [
          .tools: tools, .user: user, .defaultUser: defaultUser,
          .readOnly: readOnly ? "true" : nil,
        ]))
    let caller: Caller =
      if let user = settings.user { .bound(user) } else {
        .unbound(default: settings.defaultUser)
      }
    let selection = try ToolSelection(settings.tools, readOnly: settings.readOnly)
    let application = try Application(settings, readOnly: settings.readOnly)
    try StandardServer(application, caller: caller, selection: selection).run()
  }
}
