internal import App
package import ArgumentParser
internal import Foundation
internal import Records

/// `recollect mcp-config`
package struct ClientConfigCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "mcp-config",
    abstract: "Print what to paste into a client's settings.",
    discussion: """
      Clients: claude-desktop, claude-code, cursor, vscode, codex. The snippet goes to standard output, \
      where to paste it to standard error. Without --url the client starts `recollect serve` itself.
      """)

  @OptionGroup var output: OutputOptions

  @Argument(help: "claude-desktop, claude-code, cursor, vscode or codex.")
  var client: MCPClient

  @Option(help: "What the server is called there; it becomes part of each tool's name.")
  var name = "recollect"

  @Option(help: "Where the memories are kept. Default: recollect in your data directory.")
  var dataDirectory: String?

  @Option(help: "The tools that are offered. Default: standard for claude-desktop, else core.")
  var tools: String?

  @Option(help: "Bind the client to one user.")
  var user: String?

  @Option(help: "The URL of a server that runs already, such as http://127.0.0.1:8765/mcp.")
  var url: String?

  package init() {}

  package func validate() throws {
    let isPlain = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
    }
    guard isPlain, (1...32).contains(name.utf8.count) else {
      throw ValidationError("--name has 1 to 32 characters of a-z, 0-9, - and _.")
    }
    if url != nil {
      guard dataDirectory == nil, tools == nil, user == nil else {
        throw ValidationError("With --url the server's own options hold; leave the others out.")
      }
      guard client != .claudeDesktop else {
        throw ValidationError(
          "Claude Desktop's settings file only starts programs: leave out --url.")
      }
    }
  }

  private struct Report: Encodable {
    let client: String
    let file: String
    let format: String
    let content: String
  }

  package func run() throws {
    let snippet = ClientSnippet(client: client, name: name, server: try server)
    let content = try snippet.content()
    let report = Report(
      client: client.rawValue, file: client.file, format: client == .codex ? "toml" : "json",
      content: content)
    FileHandle.standardError.write(Data("Paste into \(client.file):\n".utf8))
    try output.print(report) { content }
  }

  private var server: ClientSnippet.Server {
    get throws {
      if let url { return .url(url) }
      guard let program = Bundle.main.executableURL?.resolvingSymlinksInPath() else {
        throw InputError(.unavailable, "The program cannot find itself.")
      }
      var arguments = ["serve"]
      if let dataDirectory {
        // Clients start programs in any directory.
        arguments += ["--data-directory", URL(fileURLWithPath: dataDirectory).standardized.path]
      }
      if let user { arguments += ["--user", try UserID(user).description] }
      let tools = tools ?? (client == .claudeDesktop ? nil : "core")
      if let tools { arguments += ["--tools", tools] }
      return .program(path: program.path, arguments: arguments)
    }
  }
}

/// A client whose settings are known.
package enum MCPClient: String, CaseIterable, ExpressibleByArgument, Sendable {
  case claudeDesktop = "claude-desktop"
  case claudeCode = "claude-code"
  case cursor
  case vscode
  case codex

  /// Where its settings are.
  var file: String {
    switch self {
    case .claudeDesktop:
      #if os(macOS)
      "~/Library/Application Support/Claude/claude_desktop_config.json"
      #else
      "~/.config/Claude/claude_desktop_config.json"
      #endif
    case .claudeCode: ".mcp.json in your project"
    case .cursor: "~/.cursor/mcp.json, or .cursor/mcp.json in your project"
    case .vscode: ".vscode/mcp.json in your project"
    case .codex: "~/.codex/config.toml"
    }
  }
}
