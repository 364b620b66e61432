internal import App
internal import ArgumentParser
internal import Foundation
internal import Logging
internal import Records

/// The options that every command has.
package struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON document on standard output and nothing else.")
  var json = false

  @Option(help: "trace, debug, info, notice, warning, error or critical.")
  var logLevel = "notice"

  package init() {}

  package func validate() throws {
    guard Logger.Level(rawValue: logLevel) != nil else {
      throw ValidationError("'\(logLevel)' is not a log level.")
    }
  }

  /// Writes to standard error; standard output belongs to results and to the protocol.
  var logger: Logger {
    var logger = Logger(label: "recollect") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = Logger.Level(rawValue: logLevel) ?? .notice
    return logger
  }

  /// Prints a result, as JSON when that was asked for.
  func print(_ value: some Encodable, text: () -> String) throws {
    let output = json ? try JSON.text(value) : text()
    guard !output.isEmpty else { return }
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((output + "\n").utf8))
    } catch {
      throw InputError(.unavailable, "The result cannot be written: \(error.localizedDescription)")
    }
  }
}

/// The options of commands that work on a data directory.
package struct StoreOptions: ParsableArguments {
  @Option(help: "Where the memories are kept. Default: recollect in your data directory.")
  var dataDirectory: String?

  @Option(
    help: """
      The folder of an embedding model, or 'hashing' for spelling instead of meaning (for tests). \
      Default: the installed model.
      """)
  var model: String?

  package init() {}

  /// Opens what the options name, runs the body, and stores what is still to be stored.
  func withApplication<R>(
    _ output: OutputOptions, _ body: (Application) throws -> R
  ) throws -> R {
    let settings = try Settings(.init(dataDirectory: dataDirectory, model: model))
    let application = try Application(settings, logger: output.logger)
    let result = try body(application)
    try application.close()
    return result
  }
}
