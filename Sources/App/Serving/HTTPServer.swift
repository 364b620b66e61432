internal import Dispatch
internal import Foundation
internal import HTTPTransport
internal import Logging
package import MCPServer
internal import Records
internal import Synchronization

/// Serves any number of MCP clients over Streamable HTTP.
package struct HTTPServer {
  private let application: Application
  private let selection: ToolSelection
  private let authenticator: any Authenticator

  /// - Throws: `invalid_argument` for settings that do not go together, such as an address that
  ///   others reach without anybody having said who may enter.
  package init(_ application: Application, selection: ToolSelection) throws {
    self.application = application
    self.selection = selection
    authenticator = try Self.authenticator(application.settings, application.logger)
  }

  /// Serves until the process is asked to stop; then work in flight is finished and stored.
  package func run() throws {
    let settings = application.settings
    let factory = ServerFactory(application, selection)
    let endpoint = HTTPEndpoint(
      Self.rules(settings), authenticator: authenticator, servers: factory.server(for:))
    let listener = HTTPListener(
      endpoint, host: settings.host, port: settings.port, logger: application.logger)
    try application.serve(until: { listener.end() }) {
      let end = DispatchSemaphore(value: 0)
      let failure = Mutex<(any Error)?>(nil)
      Task {
        do {
          try await listener.run { port in Self.announce(settings.host, port) }
        } catch {
          failure.withLock { $0 = error }
        }
        end.signal()
      }
      end.wait()
      if let error = failure.withLock({ $0 }) {
        throw ServiceError(
          .unavailable, "Cannot serve on \(settings.host):\(settings.port): \(error).")
      }
    }
  }

  /// Says where, on standard error: a port of 0 lets the system choose.
  private static func announce(_ host: String, _ port: Int) {
    let name = host.contains(":") ? "[\(host)]" : host
    FileHandle.standardError.write(
      Data("Serving MCP on http://\(name):\(port)\(HTTPRules.path)\n".utf8))
  }

  private static func rules(_ settings: Settings) -> HTTPRules {
    var hosts = Set(settings.allowedHosts)
    // Whoever names an address to listen on is reached by it.
    if !["0.0.0.0", "::"].contains(settings.host) {
      hosts.insert(settings.host.contains(":") ? "[\(settings.host)]" : settings.host)
    }
    if let host = settings.publicURL?.host() { hosts.insert(host) }
    return HTTPRules(
      hosts: hosts, origins: Set(settings.allowedOrigins), bodyLimit: settings.maxRequestBytes)
  }

  // MARK: Who may enter

  private static func authenticator(
    _ settings: Settings, _ logger: Logger
  ) throws -> any Authenticator {
    let keys = StoredKeys(directory: settings.dataDirectory)
    switch settings.auth ?? (keys.exists ? .keys : .none) {
    case .none:
      guard settings.auth == .some(.none) || HTTPRules.isLoopback(settings.host) else {
        throw ServiceError(
          .invalidArgument,
          "\(settings.host) can be reached by others. Make keys with `recollect keys create`, or say "
            + "--auth none to let everybody in.",
          field: "auth")
      }
      let door = OpenDoor(
        settings.user.map(Caller.bound) ?? .unbound(default: settings.namedDefaultUser))
      // Only what was said in so many words holds whatever happens to the keys.
      if settings.auth != nil { return door }
      return DoorUntilKeys(door, directory: settings.dataDirectory)
    case .keys:
      try refuseUser(settings)
      return KeyRing(directory: settings.dataDirectory)
    case .oauth:
      try refuseUser(settings)
      return try Self.tokens(settings, logger)
    }
  }

  /// Where everybody shows who they are, nobody can be somebody else.
  private static func refuseUser(_ settings: Settings) throws {
    guard settings.user == nil else {
      throw ServiceError.invalid("user", "does not go together with auth: the identity decides")
    }
  }
}
