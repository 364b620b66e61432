/// The revisions of the protocol that are spoken here.
package enum ProtocolVersion {
  /// Revisions without a handshake: each request says which it is made for.
  package static let modern = ["2026-07-28"]
  /// Revisions that begin with `initialize`, the newest first.
  package static let handshake = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]

  /// What `initialize` is answered with: the version asked for, or the newest of the handshake.
  ///
  /// Never an error, which some clients take for a broken server.
  package static func negotiated(_ requested: String?) -> String {
    handshake.first { $0 == requested } ?? handshake[0]
  }
}
