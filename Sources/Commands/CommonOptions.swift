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
  var logLevel: String?

  package init() {}

  package func validate() throws {
    if let logLevel, Logger.Level(rawValue: logLevel) == nil {
      throw ValidationError("'\(logLevel)' is not a log level.")
    }
  }

  /// Prints a result, as JSON when that was asked for.
  func print(_ value: some Encodable, text: () -> String) throws {
    let output = json ? try JSON.text(value) : text().withVisibleControls
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

  @Option(
    help: """
      The settings file. Default: recollect/recollect.json in your configuration directory, if it is \
      there; `recollect config` shows what is in force.
      """)
  var config: String?

  package init() {}

  /// What the command line says of the settings.
  func options(
    _ output: OutputOptions, _ others: [SettingKey: String?] = [:]
  ) -> Settings.Options {
    var values: [SettingKey: String?] = [
      .dataDirectory: dataDirectory, .model: model, .logLevel: output.logLevel,
    ]
    values.merge(others) { _, new in new }
    return Settings.Options(values.compactMapValues { $0 }, file: config)
  }

  /// Opens what the options name, runs the body, and stores what is still to be stored.
  func withApplication<R>(
    _ output: OutputOptions, _ body: (Application) throws -> R
  ) throws -> R {
    let application = try Application(try Settings(options(output)))
    let result = try body(application)
    try application.close()
    return result
  }
}

extension String {
  /// The text with control characters as signs: what somebody has stored must not steer the terminal
  /// of whoever reads it.
  var withVisibleControls: String {
    guard unicodeScalars.contains(where: Self.steers) else { return self }
    var shown = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      guard Self.steers(scalar) else {
        shown.append(scalar)
        continue
      }
      // The control pictures of Unicode stand in the order of ASCII.
      let picture = scalar.isASCII && scalar.value < 0x20 ? 0x2400 + scalar.value : 0xFFFD
      shown.append(Unicode.Scalar(picture) ?? "\u{FFFD}")
    }
    return String(shown)
  }

  /// Control characters, and those that turn the direction of writing.
  private static func steers(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: scalar.properties.generalCategory == .control
    }
  }
}
