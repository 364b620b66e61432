package import Records

/// How the server introduces itself.
package struct ServerInfo: Hashable, Sendable {
  package let name: String
  package let title: String
  package let version: String
  package let description: String

  package init(
    name: String = "recollect", title: String = "Recollect", version: String,
    description: String = "Long-term memory for agents: what was said, by user and by session."
  ) {
    self.name = name
    self.title = title
    self.version = version
    self.description = description
  }

  /// The introduction as it stands in a message.
  package var json: JSONValue {
    [
      "name": .string(name), "title": .string(title), "version": .string(version),
      "description": .string(description),
    ]
  }
}
