package import Records

/// What can be read by address, beside the tools.
///
/// Whatever is not there for the caller is answered like what does not exist at all.
package protocol Library: Sendable {
  /// A page of what the caller may read, always in the same order.
  ///
  /// - Throws: `invalid_argument` for a cursor that no page gave.
  func page(after cursor: String?, for caller: Caller) throws -> LibraryPage

  /// The addresses that have variables in them.
  func templates(for caller: Caller) -> [ResourceTemplate]

  /// The JSON at an address; nil when there is nothing for this caller.
  func read(_ uri: String, for caller: Caller) throws -> String?

  /// Changes when what stands at an address does; nil where there is nothing for this caller, or
  /// nothing that could be waited for.
  func fingerprint(of uri: String, for caller: Caller) throws -> Int?

  /// What a variable may be, best first.
  ///
  /// - Parameter given: the values of other variables.
  func completions(
    of variable: String, beginning: String, given: [String: String], for caller: Caller
  ) throws -> [String]
}

/// Some of the resources.
package struct LibraryPage: Sendable {
  package let resources: [ResourceEntry]
  /// Where the next page begins; nil on the last one.
  package let next: String?

  package init(resources: [ResourceEntry], next: String?) {
    self.resources = resources
    self.next = next
  }
}

/// A resource as lists show it.
package struct ResourceEntry: Hashable, Sendable {
  let uri: String
  let name: String
  let title: String
  let description: String
  let lastModified: Timestamp?

  package init(
    uri: String, name: String, title: String, description: String, lastModified: Timestamp? = nil
  ) {
    self.uri = uri
    self.name = name
    self.title = title
    self.description = description
    self.lastModified = lastModified
  }

  var json: JSONValue {
    var members: [String: JSONValue] = [
      "uri": .string(uri), "name": .string(name), "title": .string(title),
      "description": .string(description), "mimeType": "application/json",
    ]
    if let lastModified {
      members["annotations"] = ["lastModified": .string(lastModified.description)]
    }
    return .object(members)
  }
}

/// An address with variables in it (RFC 6570, simple expansion alone).
package struct ResourceTemplate: Hashable, Sendable {
  let uri: String
  let name: String
  let title: String
  let description: String

  package init(uri: String, name: String, title: String, description: String) {
    self.uri = uri
    self.name = name
    self.title = title
    self.description = description
  }

  var json: JSONValue {
    [
      "uriTemplate": .string(uri), "name": .string(name), "title": .string(title),
      "description": .string(description), "mimeType": "application/json",
    ]
  }

  /// The names between braces.
  var variables: [String] {
    uri.split(separator: "{").dropFirst().compactMap { part in
      part.split(separator: "}").first.map(String.init)
    }
  }
}
