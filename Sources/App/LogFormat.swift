internal import Foundation
package import Logging
internal import Records

/// How log lines look; they go to standard error, since standard output belongs to results and to the
/// protocol.
package enum LogFormat: String, CaseIterable, Sendable {
  case text
  /// One JSON object a line.
  case json
}

extension Settings {
  /// The log of the process.
  package var logger: Logger {
    var logger = Logger(label: "recollect") { label in
      switch logFormat {
      case .text: StreamLogHandler.standardError(label: label)
      case .json: JSONLogHandler()
      }
    }
    logger.logLevel = logLevel
    return logger
  }
}

/// Writes each log line as a JSON object with time, level, message and metadata.
private struct JSONLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  private struct Line: Encodable {
    let time: Timestamp
    let level: String
    let message: String
    let metadata: [String: String]?
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let line = Line(
      time: .now(), level: event.level.rawValue, message: "\(event.message)",
      metadata: all.isEmpty ? nil : all.mapValues { "\($0)" })
    // A log that cannot be written has nowhere to say so.
    guard let data = try? JSON.data(line) else { return }
    try? FileHandle.standardError.write(contentsOf: data + [0x0A])
  }
}
