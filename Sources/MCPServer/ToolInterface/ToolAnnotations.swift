internal import Records

/// What a client may tell its user about a tool before calling it; hints, never a protection.
///
/// All four hints are always given: the protocol's defaults are the alarming ones. The store is a
/// closed world, so none of the tools reaches out.
package struct ToolAnnotations: Hashable, Sendable {
  package let isReadOnly: Bool
  package let isDestructive: Bool
  package let isIdempotent: Bool

  private init(readOnly: Bool, destructive: Bool, idempotent: Bool) {
    isReadOnly = readOnly
    isDestructive = destructive
    isIdempotent = idempotent
  }

  /// Changes nothing.
  package static let reads = Self(readOnly: true, destructive: false, idempotent: true)
  /// Adds something with every call.
  package static let adds = Self(readOnly: false, destructive: false, idempotent: false)
  /// Brings something into a state; a second equal call changes nothing more.
  package static let updates = Self(readOnly: false, destructive: false, idempotent: true)
  /// Destroys something; a second equal call destroys nothing more.
  package static let removes = Self(readOnly: false, destructive: true, idempotent: true)

  func json(title: String) -> JSONValue {
    [
      "title": .string(title), "readOnlyHint": .bool(isReadOnly),
      "destructiveHint": .bool(isDestructive), "idempotentHint": .bool(isIdempotent),
      "openWorldHint": false,
    ]
  }
}
