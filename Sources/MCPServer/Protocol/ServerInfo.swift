package import Records

/// How the server introduces itself.
package struct ServerInfo: Hashable, Sendable {
  package let name: String
  package let title: String
  package let version: String
  package let description: String
  package let icons: [Icon]

  /// A picture beside the name.
  package struct Icon: Hashable, Sendable {
    /// An `https:` or `data:` URI.
    package let source: String
    package let mimeType: String
    package let sizes: [String]

    package init(source: String, mimeType: String, sizes: [String]) {
      self.source = source
      self.mimeType = mimeType
      self.sizes = sizes
    }
  }

  package init(
    name: String = "recollect", title: String = "Recollect", version: String,
    description: String = "Long-term memory for agents: what was said, by user and by session.",
    icons: [Icon] = []
  ) {
    self.name = name
    self.title = title
    self.version = version
    self.description = description
    self.icons = icons
  }

  /// The introduction as it stands in a message.
  package var json: JSONValue {
    var members: [String: JSONValue] = [
      "name": .string(name), "title": .string(title), "version": .string(version),
      "description": .string(description),
    ]
    if !icons.isEmpty {
      members["icons"] = .array(
        icons.map { icon in
          [
            "src": .string(icon.source), "mimeType": .string(icon.mimeType),
            "sizes": .array(icon.sizes.map(JSONValue.string)),
          ]
        })
    }
    return .object(members)
  }

  /// What stands on every result: enough to tell servers apart, and no longer.
  package var stamp: JSONValue {
    ["name": .string(name), "title": .string(title), "version": .string(version)]
  }
}
