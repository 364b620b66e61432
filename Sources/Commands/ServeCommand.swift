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

  @Option(help: "standard, core, all, or names of tools with commas between them.")
  var tools = "standard"

  @Flag(help: "Offer no tool that writes.")
  var readOnly = false

  @Option(help: "Bind the client to one user; it can name no other.")
  var user: String?

  @Option(help: "Whom the client means when it names no user.")
  var defaultUser = "local"

  package init() {}

  package func run() throws {
    let caller: Caller =
      if let user { .bound(try UserID(user)) } else {
        .unbound(default: try UserID(defaultUser))
      }
    let selection = try ToolSelection(tools, readOnly: readOnly)
    let settings = try Settings(.init(dataDirectory: store.dataDirectory, model: store.model))
    let application = try Application(settings, logger: output.logger, readOnly: readOnly)
    try StandardServer(application, caller: caller, selection: selection).run()
  }
}
