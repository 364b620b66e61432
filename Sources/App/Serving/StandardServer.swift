internal import Logging
package import MCPServer
package import Records

/// Serves one MCP client over standard input and output.
package struct StandardServer {
  private let application: Application
  private let caller: Caller
  private let selection: ToolSelection

  package init(_ application: Application, caller: Caller, selection: ToolSelection) {
    self.application = application
    self.caller = caller
    self.selection = selection
  }

  /// Serves until the input ends or the process is asked to stop; then everything is stored.
  package func run() throws {
    let logger = application.logger
    let streams = try StandardStreams(
      ServerFactory(application, selection).server(for: caller), log: { logger.error("\($0)") })
    try application.serve(until: { streams.stop() }) { streams.run() }
  }
}
