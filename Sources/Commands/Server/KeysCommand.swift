internal import App
package import ArgumentParser
internal import Records

/// `recollect keys`
package struct KeysCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make, list and revoke the keys that let callers in over HTTP.",
    discussion: """
      A caller sends its key as `Authorization: Bearer KEY`. It decides whose memory the caller sees. \
      Servers that run take up changes within a second.
      """,
    subcommands: [Create.self, List.self, Revoke.self])

  package init() {}
}

/// A key as the command line shows it.
private struct KeyReport: Encodable {
  let id: String
  let name: String
  let user: UserID?
  let administrator: Bool
  let readOnly: Bool
  let createdAt: Timestamp
  let revokedAt: Timestamp?
  /// Only when it was just made.
  var key: String?

  init(_ stored: StoredKey, key: String? = nil) {
    id = stored.id
    name = stored.name
    user = stored.user
    administrator = stored.user == nil
    readOnly = stored.readOnly
    createdAt = stored.createdAt
    revokedAt = stored.revokedAt
    self.key = key
  }

  private enum CodingKeys: String, CodingKey {
    case id, name, user, administrator, key
    case readOnly = "read_only"
    case createdAt = "created_at"
    case revokedAt = "revoked_at"
  }
}

extension StoreOptions {
  /// The file of the keys, without opening the store.
  fileprivate func keyFile(_ output: OutputOptions) throws -> StoredKeys {
    StoredKeys(directory: try Settings(options(output)).dataDirectory)
  }
}

extension KeysCommand {
  /// `recollect keys create`
  package struct Create: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Make a key and show it, once.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The one user whose memory the key opens.")
    var user: String?

    @Flag(help: "The key opens everything: its holder names the user in each call.")
    var admin = false

    @Flag(help: "The key only reads.")
    var readOnly = false

    @Option(help: "What you call the key, to know it again.")
    var name = ""

    package init() {}

    package func validate() throws {
      guard (user != nil) != admin else {
        throw ValidationError("Say whose key it is: --user USER, or --admin.")
      }
      guard name.unicodeScalars.count <= Limits.nameLength else {
        throw ValidationError("--name has at most \(Limits.nameLength) characters.")
      }
    }

    package func run() throws {
      let user = try user.map { try UserID($0) }
      let made = try store.keyFile(output).create(name: name, user: user, readOnly: readOnly)
      try output.print(KeyReport(made.stored, key: made.key)) {
        "\(made.key)\n\nThis is key \(made.stored.id); it is not shown again."
      }
    }
  }

  /// `recollect keys list`
  package struct List: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "Show every key that was made, without the keys themselves.",
      discussion: "Exits with 1 when there is none.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    package init() {}

    private struct Report: Encodable {
      let keys: [KeyReport]
      let total: Int
    }

    package func run() throws {
      let keys = try store.keyFile(output).read()
      try output.print(Report(keys: keys.map { KeyReport($0) }, total: keys.count)) {
        var table = Table("ID", "WHOSE", "MAY", "MADE", "REVOKED", "NAME")
        for key in keys {
          table.add(
            key.id, key.user?.description ?? "(administrator)", key.readOnly ? "read" : "write",
            key.createdAt.short, key.revokedAt?.short ?? "", key.name.line(40))
        }
        return keys.isEmpty ? "" : table.text
      }
      if keys.isEmpty { throw ExitStatus.no }
    }
  }

  /// `recollect keys revoke`
  package struct Revoke: ParsableCommand {
    package static let configuration = CommandConfiguration(
      abstract: "End a key for good.",
      discussion: "Exits with 1 when there is no such key, or it was revoked before.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The id of the key, as `recollect keys list` shows it.")
    var id: String

    package init() {}

    private struct Report: Encodable {
      let id: String
      let revoked: Bool
    }

    package func run() throws {
      let revoked = try store.keyFile(output).revoke(id)
      try output.print(Report(id: id, revoked: revoked != nil)) {
        revoked == nil
          ? "There is no key \(id) that could be revoked."
          : "Revoked \(id). Servers refuse it within a second."
      }
      if revoked == nil { throw ExitStatus.no }
    }
  }
}
