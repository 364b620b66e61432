internal import Foundation
internal import Records

/// What an address of this server names.
enum ResourceAddress: Hashable {
  case health
  case sessions(UserID)
  case memories(UserID)
  case statistics(UserID)
  case session(SessionID)
  case memoriesOfSession(SessionID)
  case memory(MemoryID)

  static let scheme = "recollect://"

  /// Reads an address; nil when it names nothing of this kind.
  ///
  /// Clients may encode characters with a percent sign, so each part is decoded; what a part decodes
  /// to is never cut again.
  init?(_ uri: String) {
    guard uri.utf8.count <= 2_000, uri.lowercased().hasPrefix(Self.scheme) else { return nil }
    let rest = uri.dropFirst(Self.scheme.count)
    guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else { return nil }
    let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
      .map { String($0).removingPercentEncoding }
    guard let kind = parts.first.flatMap({ $0 })?.lowercased() else { return nil }
    let id = parts.count > 1 ? parts[1] : nil
    let aspect = parts.count > 2 ? parts[2] : nil
    switch (kind, parts.count, aspect) {
    case ("health", 1, _): self = .health
    case ("users", 3, "sessions"):
      guard let user = id.flatMap(Self.user) else { return nil }
      self = .sessions(user)
    case ("users", 3, "memories"):
      guard let user = id.flatMap(Self.user) else { return nil }
      self = .memories(user)
    case ("users", 3, "stats"):
      guard let user = id.flatMap(Self.user) else { return nil }
      self = .statistics(user)
    case ("sessions", 2, _):
      guard let session: SessionID = id.flatMap(Self.record) else { return nil }
      self = .session(session)
    case ("sessions", 3, "memories"):
      guard let session: SessionID = id.flatMap(Self.record) else { return nil }
      self = .memoriesOfSession(session)
    case ("memories", 2, _):
      guard let memory: MemoryID = id.flatMap(Self.record) else { return nil }
      self = .memory(memory)
    default: return nil
    }
  }

  var uri: String {
    switch self {
    case .health: Self.scheme + "health"
    case .sessions(let user): Self.scheme + "users/\(Self.encoded(user))/sessions"
    case .memories(let user): Self.scheme + "users/\(Self.encoded(user))/memories"
    case .statistics(let user): Self.scheme + "users/\(Self.encoded(user))/stats"
    case .session(let id): Self.scheme + "sessions/\(id)"
    case .memoriesOfSession(let id): Self.scheme + "sessions/\(id)/memories"
    case .memory(let id): Self.scheme + "memories/\(id)"
    }
  }

  private static func user(_ text: String) -> UserID? { try? UserID(text) }

  private static func record<ID: RecordID>(_ text: String) -> ID? { try? ID(text) }

  /// Of what names may hold only `|` is not allowed in a URI.
  private static func encoded(_ user: UserID) -> String {
    user.description.replacing("|", with: "%7C")
  }
}
