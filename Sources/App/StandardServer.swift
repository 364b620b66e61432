internal import Dispatch
internal import Foundation
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
    let log: @Sendable (String) -> Void = { logger.error("\($0)") }
    let server = ProtocolServer(
      info: ServerInfo(version: Application.version), instructions: Instructions.text,
      tools: selection.tools(application.services, for: caller), caller: caller, log: log)
    let streams = try StandardStreams(server, log: log)
    let work = BackgroundWork(application)
    let signals = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { streams.stop() }
      source.resume()
      return source
    }
    if !application.readOnly { work.start() }
    streams.run()
    work.stop()
    for source in signals { source.cancel() }
    // From here on a signal ends the process as usual, should closing take too long.
    for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    try application.close()
  }
}
