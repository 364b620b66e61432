/// What a caller may do.
package struct Access: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let read = Access(rawValue: 1)
  package static let write = Access(rawValue: 2)
  package static let administer = Access(rawValue: 4)

  /// As scopes of tokens are called, the narrowest first.
  package static let names: [(access: Access, name: String)] = [
    (.read, "memory:read"), (.write, "memory:write"), (.administer, "admin"),
  ]

  /// The names with blanks between them, as a challenge lists them.
  package var names: String {
    Self.names.filter { contains($0.access) }.map(\.name).joined(separator: " ")
  }

  /// What the scopes of a token allow: writing implies reading, administering implies both.
  package init(scopes: some Sequence<String>) {
    var access = Access()
    for scope in scopes {
      switch scope {
      case "memory:read": access.insert(.read)
      case "memory:write": access.formUnion([.read, .write])
      case "admin": access.formUnion([.read, .write, .administer])
      default: break
      }
    }
    self = access
  }
}
