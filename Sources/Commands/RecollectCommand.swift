internal import App
package import ArgumentParser
internal import Foundation

/// The command `recollect`.
package struct RecollectCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "recollect",
    abstract: "Memory for AI agents: stored by user and session, found by meaning and by word.",
    discussion: """
      Start with `recollect model install`, then let an MCP client run `recollect serve`, or use \
      `recollect import` and `recollect search` from the shell.
      """,
    version: Application.version,
    groupedSubcommands: [
      CommandGroup(
        name: "Server",
        subcommands: [
          ServeCommand.self, ConfigCommand.self, KeysCommand.self, ClientConfigCommand.self,
          DemoCommand.self,
        ]),
      CommandGroup(
        name: "Memory",
        subcommands: [
          SearchCommand.self, AskCommand.self, MemoriesCommand.self, SessionsCommand.self,
          UsersCommand.self, ImportCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Care",
        subcommands: [BackupCommand.self, RestoreCommand.self, DoctorCommand.self]),
      CommandGroup(
        name: "Model",
        subcommands: [ModelCommand.self, EmbedCommand.self, EvalCommand.self]),
      CommandGroup(
        name: "Index", subcommands: [IndexCommand.self, BenchCommand.self]),
    ])

  package init() {}

  /// Runs the command line of the process and ends it with the exit code of the contract.
  package static func run() -> Never {
    do {
      var command = try parseAsRoot()
      try command.run()
      Foundation.exit(ExitStatus.done.rawValue)
    } catch let status as ExitStatus {
      Foundation.exit(status.rawValue)
    } catch {
      end(with: error)
    }
  }

  private static func end(with error: any Error) -> Never {
    let parserCode = exitCode(for: error)
    if error is CleanExit || parserCode == .success || isParserError(error) {
      let text = fullMessage(for: error)
      let stream = parserCode == .success ? FileHandle.standardOutput : FileHandle.standardError
      if !text.isEmpty { stream.write(Data((text + "\n").utf8)) }
      Foundation.exit(
        parserCode == .success ? ExitStatus.done.rawValue : ExitStatus.wrongUse.rawValue)
    }
    let failure = CommandFailure(error)
    FileHandle.standardError.write(Data("recollect: \(failure.message)\n".utf8))
    Foundation.exit(failure.status.rawValue)
  }

  /// Whether the parser itself found fault with the arguments.
  private static func isParserError(_ error: any Error) -> Bool {
    error is ValidationError || exitCode(for: error) == .validationFailure
  }
}
