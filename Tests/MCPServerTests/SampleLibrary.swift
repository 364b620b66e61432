import MCPServer
import Records
import Synchronization

/// Texts of users, by address: `sample://USER/NAME`. The list of a caller shows its own; whatever is
/// called `broken` fails to be read.
final class SampleLibrary: Library {
  private let texts = Mutex<[String: String]>([:])

  init(_ texts: [String: String] = [:]) {
    self.texts.withLock { $0 = texts }
  }

  private struct Broken: Error { let secret = "where it broke" }

  func set(_ uri: String, _ text: String?) { texts.withLock { $0[uri] = text } }

  private func isOpen(_ uri: String, to caller: Caller) -> Bool {
    switch caller {
    case .bound(let user): uri.hasPrefix("sample://\(user)/")
    case .unbound: true
    }
  }

  func page(after cursor: String?, for caller: Caller) throws -> LibraryPage {
    guard cursor == nil || cursor == "2" else { throw ServiceError.invalid("cursor", "is unknown") }
    let uris = texts.withLock { $0.keys.sorted() }.filter { isOpen($0, to: caller) }
    let shown = cursor == nil ? uris.prefix(2) : uris.dropFirst(2)
    return LibraryPage(
      resources: shown.map { ResourceEntry(uri: $0, name: $0, title: "T", description: "D") },
      next: cursor == nil && uris.count > 2 ? "2" : nil)
  }

  func templates(for caller: Caller) -> [ResourceTemplate] {
    [
      ResourceTemplate(
        uri: "sample://{user_id}/{name}", name: "text", title: "A text", description: "One text.")
    ]
  }

  func read(_ uri: String, for caller: Caller) throws -> String? {
    guard isOpen(uri, to: caller) else { return nil }
    if uri.hasSuffix("/broken") { throw Broken() }
    return texts.withLock { $0[uri] }
  }

  func fingerprint(of uri: String, for caller: Caller) throws -> Int? {
    try read(uri, for: caller)?.hashValue
  }

  func completions(
    of variable: String, beginning: String, given: [String: String], for caller: Caller
  ) throws -> [String] {
    guard variable == "name" else { return [] }
    let start = given["user_id"].map { "sample://\($0)/" } ?? "sample://"
    return texts.withLock { $0.keys.sorted() }
      .filter { isOpen($0, to: caller) && $0.hasPrefix(start) }
      .compactMap { $0.split(separator: "/").last.map(String.init) }
      .filter { $0.hasPrefix(beginning) }
  }
}

/// Says what it was asked.
struct SamplePrompt: Prompt {
  static let name = "say"
  static let title = "Say"
  static let description = "Says it."

  func arguments(for caller: Caller) -> [PromptArgument] {
    [PromptArgument(name: "name", title: "Name", description: "What.", isRequired: true)]
  }

  func text(_ arguments: [String: String], for caller: Caller) throws -> String {
    "Say \(arguments["name"] ?? "")"
  }
}

/// A server with everything there is to offer.
func fullServer(
  _ library: SampleLibrary, tools: [any Tool] = [EchoTool()],
  caller: Caller = .unbound(default: nil)
) -> ProtocolServer {
  ProtocolServer(
    info: ServerInfo(version: "1.2.3", description: "A test."), instructions: "Use it.",
    tools: tools, library: library, prompts: [SamplePrompt()], watch: ResourceWatch(library),
    caller: caller, log: { _ in })
}
