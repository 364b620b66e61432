/// Counts over all users.
package struct SystemCounts: Hashable, Sendable {
  package var activeSessions = 0
  package var expiredSessions = 0
  /// Expired ones whose expiry was not yet written down.
  package var overdueSessions = 0
  package var users = 0
  package var interactions = 0
  package var memories = 0
  package var lifetimeSessions = 0
  package var lifetimeInteractions = 0
  package var lifetimeMemories = 0

  package init() {}
}
