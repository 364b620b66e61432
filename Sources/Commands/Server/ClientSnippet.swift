internal import Foundation
internal import Records

/// The part of a client's settings that names this server.
struct ClientSnippet {
  /// How the client reaches it.
  enum Server {
    case program(path: String, arguments: [String])
    case url(String)
  }

  let client: MCPClient
  let name: String
  let server: Server

  /// Holds the key in the client's environment; none of ours begins like a setting.
  static let keyVariable = "MCP_RECOLLECT_KEY"

  func content() throws -> String {
    switch client {
    case .claudeDesktop, .claudeCode, .cursor:
      return try Self.pretty(["mcpServers": .object([name: entry])])
    case .vscode:
      var members: [String: JSONValue] = ["servers": .object([name: entry])]
      if case .url = server {
        members["inputs"] = [
          [
            "type": "promptString", "id": "recollect-key", "description": "Key of Recollect",
            "password": true,
          ]
        ]
      }
      return try Self.pretty(.object(members))
    case .codex: return toml
    }
  }

  private var entry: JSONValue {
    var members: [String: JSONValue]
    switch server {
    case .program(let path, let arguments):
      members = [
        "command": .string(path), "args": .array(arguments.map(JSONValue.string)),
      ]
      // These two want to be told; the others know by what is there.
      if client == .claudeCode || client == .vscode { members["type"] = "stdio" }
    case .url(let url):
      members = ["url": .string(url), "headers": ["Authorization": .string("Bearer \(key)")]]
      if client == .claudeCode || client == .vscode { members["type"] = "http" }
    }
    return .object(members)
  }

  /// How each client takes a secret that is not in the file.
  private var key: String {
    switch client {
    case .cursor: "${env:\(Self.keyVariable)}"
    case .vscode: "${input:recollect-key}"
    case .claudeDesktop, .claudeCode, .codex: "${\(Self.keyVariable)}"
    }
  }

  private var toml: String {
    let head = "[mcp_servers.\(name)]"
    switch server {
    case .program(let path, let arguments):
      let list = arguments.map(Self.quoted).joined(separator: ", ")
      return "\(head)\ncommand = \(Self.quoted(path))\nargs = [\(list)]"
    case .url(let url):
      return "\(head)\nurl = \(Self.quoted(url))\nbearer_token_env_var = \"\(Self.keyVariable)\""
    }
  }

  /// A basic string of TOML; its escapes are those of JSON, as far as paths need any.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  private static func pretty(_ value: JSONValue) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
