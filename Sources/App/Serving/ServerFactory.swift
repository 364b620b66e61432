internal import Foundation
internal import Logging
internal import MCPServer
internal import Records
internal import Synchronization

/// Makes the protocol's server for a caller; what callers of one kind are shown is described once.
final class ServerFactory: Sendable {
  private let application: Application
  private let selection: ToolSelection
  private let watch: ResourceWatch
  private let library: MemoryLibrary
  private let made = Mutex<[Bool: ProtocolServer]>([:])

  init(_ application: Application, _ selection: ToolSelection) {
    self.application = application
    self.selection = selection
    library = MemoryLibrary(application.services)
    let database = application.settings.dataDirectory.appendingPathComponent("recollect.sqlite")
      .path
    watch = ResourceWatch(library) {
      // Every commit of any process is in one of the two.
      [database, database + "-wal"].map { FileMark($0)?.text ?? "" }.joined(separator: ",")
    }
  }

  func server(for caller: Caller) -> ProtocolServer {
    let isBound = if case .bound = caller { true } else { false }
    return made.withLock { made in
      if let server = made[isBound] { return server.serving(caller) }
      let server = make(caller)
      made[isBound] = server
      return server
    }
  }

  private func make(_ caller: Caller) -> ProtocolServer {
    let logger = application.logger
    let services = application.services
    return ProtocolServer(
      info: ServerInfo(version: Application.version, icons: [Self.icon]),
      instructions: Instructions.text, tools: selection.tools(services, for: caller),
      library: library, prompts: PromptCatalogue.prompts(services), watch: watch, caller: caller,
      log: { logger.error("\($0)") })
  }

  /// Three lines that come back in a circle.
  private static let icon = ServerInfo.Icon(
    source: "data:image/svg+xml;base64,"
      + Data(
        """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><circle cx="24" cy="24" r="20" \
        fill="none" stroke="#3b6ea5" stroke-width="4"/><path d="M14 18h20M14 25h20M14 32h12" \
        stroke="#3b6ea5" stroke-width="4" stroke-linecap="round"/></svg>
        """.utf8
      ).base64EncodedString(),
    mimeType: "image/svg+xml", sizes: ["any"])
}
