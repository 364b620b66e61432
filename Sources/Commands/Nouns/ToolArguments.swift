internal import App
internal import MCPServer
internal import Records

/// The arguments of a tool, gathered from the options of a verb; what was not said is left out.
struct ToolArguments: ExpressibleByDictionaryLiteral {
  private(set) var values: [String: JSONValue]

  init(dictionaryLiteral elements: (String, JSONValue?)...) {
    values = Dictionary(elements.map { ($0, $1 ?? .null) }) { $1 }
  }

  mutating func add(_ more: ToolArguments) {
    values.merge(more.values) { $1 }
  }
}

extension JSONValue {
  init?(_ text: String?) {
    guard let text else { return nil }
    self = .string(text)
  }

  init?(_ number: Int?) {
    guard let number else { return nil }
    self = .integer(Int64(number))
  }

  init?(_ number: Double?) {
    guard let number else { return nil }
    self = .number(number)
  }

  /// The parts of a list with commas between them.
  init?(list text: String?) {
    guard let text else { return nil }
    self = .array(text.split(separator: ",").map { .string(String($0).trimmed) })
  }

  /// The value of an option that takes JSON.
  ///
  /// - Throws: `invalid_argument` naming the option.
  init?(json text: String?, _ option: String) throws {
    guard let text else { return nil }
    do {
      self = try JSONTextReader.value(of: Array(text.utf8))
    } catch {
      throw ServiceError.invalid(
        option, "is not JSON (\(error.reason)); quote it for the shell, as in '{\"field\": …}'")
    }
  }
}

extension StoreOptions {
  /// Does what a tool does, in the data directory that the options name.
  func call<T: Tool>(
    _ tool: T.Type, _ arguments: ToolArguments, _ output: OutputOptions
  ) throws -> ToolResult<T.Output> {
    ToolResult(
      output: try withApplication(output) { try $0.call(tool, arguments.values) })
  }
}

/// What a tool gave: the document that `--json` prints, and what is shown to a person.
struct ToolResult<Output: Encodable> {
  let output: Output

  /// The part of the document that is shown to a person.
  ///
  /// What a tool gives is its own to read; what it says is in the document.
  func read<Shown: Decodable>(_ type: Shown.Type = Shown.self) throws -> Shown {
    try JSON.value(Shown.self, from: try JSON.data(output))
  }
}
