internal import MCPServer
internal import Records

extension HTTPServer {
  /// Who verifies tokens, where this program was built for it.
  static func tokens(_ settings: Settings) throws -> any Authenticator {
    throw ServiceError(
      .invalidArgument,
      "This program was built without OAuth; build it with `swift build --traits Server,OAuth`.",
      field: "auth")
  }
}
