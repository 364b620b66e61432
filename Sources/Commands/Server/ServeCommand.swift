internal import App
package import ArgumentParser
internal import MCPServer
internal import Records

/// `recollect serve`
package struct ServeCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve an MCP client on standard input and output, or any number over HTTP.",
    discussion: """
      Over HTTP the endpoint is /mcp. Only this machine can reach it unless another address is named; \
      then callers need keys (`recollect keys create`), or tokens of an authorization server.

      Any number of servers may use one data directory at once. Without a model the server starts \
      all the same and searches by keyword; it takes up a model that is installed later.
      """)

  @OptionGroup var store: StoreOptions
  @OptionGroup var output: OutputOptions

  @Option(
    defaultAsFlag: "",
    help: ArgumentHelp(
      "Serve over HTTP. Default: 127.0.0.1:8765; a port alone will do.", valueName: "host:port"))
  var http: String?

  @Option(help: "Who may enter over HTTP: none, keys or oauth. Default: keys when there are any.")
  var auth: String?

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
    let settings = try Settings(store.options(output, try values))
    let selection = try ToolSelection(settings.tools, readOnly: settings.readOnly)
    let application = try Application(settings, readOnly: settings.readOnly)
    switch settings.transport {
    case .http: try HTTPServer(application, selection: selection).run()
    case .stdio:
      let caller: Caller =
        if let user = settings.user { .bound(user) } else {
          .unbound(default: settings.defaultUser)
        }
      try StandardServer(application, caller: caller, selection: selection).run()
    }
  }

  private var values: [SettingKey: String?] {
    get throws {
      var values: [SettingKey: String?] = [
        .tools: tools, .user: user, .defaultUser: defaultUser, .auth: auth,
        .readOnly: readOnly ? "true" : nil,
      ]
      guard let http else { return values }
      let address = try Self.address(http)
      values[.transport] = "http"
      values[.host] = address.host
      values[.port] = address.port
      return values
    }
  }

  /// What `--http` names: a host, a port, both with a colon between them, or nothing.
  static func address(_ text: String) throws -> (host: String?, port: String?) {
    guard !text.isEmpty else { return (nil, nil) }
    if text.allSatisfy(\.isNumber) { return (nil, text) }
    guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
      return (text.trimmingBrackets, nil)
    }
    let host = String(text[..<colon])
    let port = String(text[text.index(after: colon)...])
    guard !port.isEmpty, port.allSatisfy(\.isNumber) else {
      throw ValidationError("'\(text)' is not an address: say HOST:PORT, such as 127.0.0.1:8765.")
    }
    return (host.isEmpty ? nil : host.trimmingBrackets, port)
  }
}

extension String {
  /// An address of IPv6 without the brackets that keep it apart from the port.
  fileprivate var trimmingBrackets: String {
    hasPrefix("[") && hasSuffix("]") ? String(dropFirst().dropLast()) : self
  }
}
