internal import App
package import ArgumentParser
internal import Foundation
internal import MCPServer
internal import Records

extension MemoriesCommand {
  /// `recollect memories add`
  package struct Add: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Remember something.",
      discussion: """
        The same text again is merged, not stored twice. With --infer the language model of the \
        settings (answer_model.url) extracts facts and decides about each; the text itself is not \
        stored.
        """)

    @Argument(help: "What to remember, understandable on its own; `-` reads standard input.")
    var content: String

    @Option(help: "Whose memory. Default: local or, with --session, its owner.")
    var user: String?

    @Option(help: "The session it belongs to; without one it is the user's.")
    var session: String?

    @OptionGroup var properties: MemoryProperties

    @Option(help: "A memory that this one takes the place of; it is no longer found by searching.")
    var supersedes: String?

    @Flag(help: "Let the language model extract facts instead of storing the text as it is.")
    var infer = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Added: Decodable {
      let memory: Memory?
      let outcome: String
      let decisions: [Decision]?

      struct Decision: Decodable {
        let decision: String
        let memory_id: MemoryID?
        let content: String?
        let reason: String

        var text: String {
          let place = memory_id.map { " \($0)" } ?? ""
          return
            "\(decision)\(place): \(content.map { "\($0.line(100)) " } ?? "")(\(reason.line(100)))"
        }
      }

      func text(supersedes: String?) -> String {
        if let decisions {
          return decisions.isEmpty
            ? "Nothing to remember." : decisions.map(\.text).joined(separator: "\n")
        }
        let id = memory.map { "\($0.id)" } ?? "nothing"
        return switch outcome {
        case "merged": "Merged with \(id), which says the same."
        case "superseded": "Added \(id) in the place of \(supersedes ?? "another")."
        default: "Added \(id)."
        }
      }
    }

    package func run() throws {
      var arguments: ToolArguments = [
        "user_id": JSONValue(user), "session_id": JSONValue(session),
        "content": .string(try given(content)), "supersedes": JSONValue(supersedes),
        "infer": .bool(infer),
      ]
      try arguments.add(properties.arguments)
      let result = try store.call(AddMemory.self, arguments, output)
      let added: Added = try result.read()
      try output.print(result.output) { added.text(supersedes: supersedes) }
    }
  }

  /// `recollect memories update`
  package struct Update: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Change a memory; the version before is kept in its history.",
      discussion: """
        Exits with 1 when there is no such memory, and with 2 when it is no longer at \
        --expected-version.
        """)

    @OptionGroup var memory: MemoryOptions
    @OptionGroup var properties: MemoryProperties

    @Option(help: "The new content; `-` reads standard input.")
    var content: String?

    @Option(help: "The version you have seen; if it is no longer current, nothing is changed.")
    var expectedVersion: Int?

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    package func validate() throws {
      guard content != nil || properties.saysSomething else {
        throw ValidationError("Say what is to change, for example --content.")
      }
    }

    package func run() throws {
      var arguments: ToolArguments = [
        "memory_id": .string(memory.id), "user_id": JSONValue(memory.user),
        "content": JSONValue(try content.map { try given($0) }),
        "expected_version": JSONValue(expectedVersion),
      ]
      try arguments.add(properties.arguments)
      let result = try store.call(UpdateMemory.self, arguments, output)
      let text = try MemoryText(memory: result.read(MemoryReply.self).memory).text
      try output.print(result.output) { text }
    }
  }

  /// `recollect memories restore`
  package struct Restore: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Make an earlier version of a memory today's.",
      discussion: """
        It becomes a new version, so nothing is lost. Exits with 1 when there is no such memory or \
        version.
        """)

    @OptionGroup var memory: MemoryOptions
    @Option(help: "The version; `recollect memories history` shows them.")
    var version: Int

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    /// As `update_memory` replies.
    private struct Reply: Encodable {
      let memory: Memory
    }

    package func run() throws {
      let id = try MemoryID(memory.id)
      let user = try memory.user.map { try UserID($0) }
      let restored = try store.withApplication(output) {
        try $0.restore(id, version: version, user: user)
      }
      let text = try MemoryText(memory: restored).text
      try output.print(Reply(memory: restored.excerpt(Limits.excerptLength))) { text }
    }
  }

  /// `recollect memories delete`
  package struct Delete: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Delete a memory and its history, for good.",
      discussion: "Exits with 1 when there is no such memory.")

    @OptionGroup var memory: MemoryOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Deleted: Decodable {
      let deleted: Bool
    }

    package func run() throws {
      let result = try store.call(
        DeleteMemory.self,
        ["memory_id": .string(memory.id), "user_id": JSONValue(memory.user)], output)
      let isDeleted = try result.read(Deleted.self).deleted
      try output.print(result.output) {
        isDeleted ? "Deleted the memory." : "There is no such memory."
      }
      if !isDeleted { throw ExitStatus.no }
    }
  }

  /// `recollect memories clear`
  package struct Clear: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Delete all memories of a user, a session, or some types, for good.",
      discussion: """
        Sessions stay. To erase a user without a trace, use `recollect users forget`. Exits with 1 \
        when there was nothing to delete.
        """)

    @OptionGroup var selection: MemorySelection

    @Option(help: "Only these types, with commas between them.")
    var types: String?

    @Flag(help: "Do it; without this nothing is deleted.")
    var yes = false

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Cleared: Decodable {
      let deleted: Int
    }

    package func run() throws {
      guard yes else {
        let kind = types.map { " of the types \($0)" } ?? ""
        let place =
          try selection.session.map { "the session \($0)" }
          ?? selection.user ?? Settings(store.options(output)).defaultUser.description
        throw InputError(
          .wrongUse,
          "This deletes all memories\(kind) of \(place) for good. Say it again with --yes.")
      }
      let result = try store.call(
        ClearMemories.self,
        [
          "user_id": JSONValue(selection.user), "session_id": JSONValue(selection.session),
          "memory_types": JSONValue(list: types),
        ], output)
      let count = try result.read(Cleared.self).deleted
      try output.print(result.output) {
        count == 0 ? "There was nothing to delete." : "Deleted \(count) memories."
      }
      if count == 0 { throw ExitStatus.no }
    }
  }
}

/// What a memory may have besides its content.
struct MemoryProperties: ParsableArguments {
  @Option(help: "conversation, fact, preference, instruction, question, or a word of your own.")
  var type: String?

  @Option(
    help: ArgumentHelp(
      "Anything to keep with it, as a JSON object; a change is merged, and null removes a key.",
      valueName: "json"))
  var metadata: String?

  @Option(help: "When it happened, if not now (ISO 8601).")
  var occurredAt: String?

  @Option(help: "How much it matters, from 0 to 1.")
  var importance: Double?

  @Option(help: "When to forget it (ISO 8601); without this, never.")
  var expiresAt: String?

  var saysSomething: Bool {
    type != nil || metadata != nil || occurredAt != nil || importance != nil || expiresAt != nil
  }

  /// As the tools take them.
  var arguments: ToolArguments {
    get throws {
      [
        "memory_type": JSONValue(type), "metadata": try JSONValue(json: metadata, "metadata"),
        "occurred_at": JSONValue(occurredAt), "importance": JSONValue(importance),
        "expires_at": JSONValue(expiresAt),
      ]
    }
  }
}

/// A content that was given, or that standard input has; there the line's end is not part of it.
private func given(_ content: String) throws -> String {
  guard content == "-" else { return content }
  let data = try JSONLines.data(of: content)
  guard let text = String(data: data, encoding: .utf8) else {
    throw InputError(.wrongUse, "Standard input is not UTF-8.")
  }
  return text.hasSuffix("\n") ? String(text.dropLast()) : text
}
