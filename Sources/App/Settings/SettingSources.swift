internal import Foundation
internal import Records

/// Where the value of a setting comes from.
package enum SettingOrigin: String, Sendable, Codable {
  case commandLine = "command line"
  case environment
  case file
  case fallback = "default"
}

/// What has been set, where: the command line before the environment, that before the file.
///
/// Written here rather than taken from a configuration library: what is wanted above all is that a
/// name or a value that makes no sense ends the start, which those pass over.
struct SettingSources {
  struct Value {
    let text: String
    let origin: SettingOrigin
  }

  static let variablePrefix = "RECOLLECT_"
  /// Names the settings file; not a setting itself.
  static let fileVariable = "RECOLLECT_CONFIG"
  /// Variables that are no settings: they choose kernels, or steer this project's own tests.
  private static let otherVariables = ["RECOLLECT_INSTRUCTION_SET", fileVariable]
  private static let testPrefix = "RECOLLECT_TEST_"

  private(set) var values: [SettingKey: Value] = [:]
  /// The settings file that was read, if there is one.
  private(set) var file: URL?

  /// - Throws: `invalid_argument` for a name that is not a setting, and for a file that is not what
  ///   it should be; `unavailable` for a file that was named and cannot be read.
  init(_ options: Settings.Options, environment: [String: String]) throws {
    try readFile(options.file, environment)
    try readEnvironment(environment)
    for (key, text) in options.values { values[key] = Value(text: text, origin: .commandLine) }
  }

  private mutating func readEnvironment(_ environment: [String: String]) throws {
    for (name, text) in environment.sorted(by: { $0.key < $1.key })
    where name.hasPrefix(Self.variablePrefix) && !name.hasPrefix(Self.testPrefix) {
      guard !Self.otherVariables.contains(name) else { continue }
      guard let key = SettingKey(variable: name) else {
        throw ServiceError.invalid(name, "is no setting; `recollect config` lists them")
      }
      // An empty variable is how a shell unsets one for a command.
      if !text.isEmpty { values[key] = Value(text: text, origin: .environment) }
    }
  }

  // MARK: The file

  private mutating func readFile(_ named: String?, _ environment: [String: String]) throws {
    let named = named ?? environment[Self.fileVariable].flatMap { $0.isEmpty ? nil : $0 }
    let url = named.map { URL(fileURLWithPath: $0) } ?? Self.defaultFile(environment)
    guard named != nil || FileManager.default.fileExists(atPath: url.path) else { return }
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw ServiceError(
        .unavailable, "\(url.path) cannot be read: \(error.localizedDescription)")
    }
    let json: JSONValue
    do {
      json = try JSONTextReader.value(of: Array(data), refusesRepeatedNames: true)
    } catch {
      throw ServiceError(.invalidArgument, "\(url.path) cannot be understood: \(error.reason).")
    }
    guard let members = json.object else {
      throw ServiceError(.invalidArgument, "\(url.path) must hold a JSON object.")
    }
    try add(members, below: "", of: url)
    file = url
  }

  private mutating func add(
    _ members: [String: JSONValue], below prefix: String, of url: URL
  ) throws {
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      let path = prefix + name
      if case .object(let inner) = value,
        SettingKey.allCases.contains(where: { $0.rawValue.hasPrefix(path + ".") })
      {
        try add(inner, below: path + ".", of: url)
        continue
      }
      guard let key = SettingKey(rawValue: path) else {
        throw ServiceError.invalid(
          "\(path) in \(url.path)", "is no setting; `recollect config` lists them")
      }
      guard let text = try Self.text(value, path, url) else { continue }
      // A name with a dot and the same name in a group say the same setting.
      guard values[key] == nil else {
        throw ServiceError.invalid("\(path) in \(url.path)", "is set twice")
      }
      values[key] = Value(text: text, origin: .file)
    }
  }

  /// A value as an environment variable would have it; nil for null, which sets nothing.
  private static func text(_ value: JSONValue, _ path: String, _ url: URL) throws -> String? {
    switch value {
    case .null: return nil
    case .bool(let flag): return flag ? "true" : "false"
    case .integer(let number): return String(number)
    case .number(let number): return String(number)
    case .string(let text): return text
    case .array, .object:
      throw ServiceError.invalid(
        "\(path) in \(url.path)", "must be a string, a number, true or false")
    }
  }

  /// `$XDG_CONFIG_HOME/recollect/recollect.json`, or `~/.config/recollect/recollect.json`.
  private static func defaultFile(_ environment: [String: String]) -> URL {
    let folder =
      if let home = environment["XDG_CONFIG_HOME"], home.hasPrefix("/") {
        URL(fileURLWithPath: home, isDirectory: true)
      } else {
        FileManager.default.homeDirectoryForCurrentUser
          .appendingPathComponent(".config", isDirectory: true)
      }
    return folder.appendingPathComponent("recollect/recollect.json")
  }
}
