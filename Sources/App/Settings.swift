package import ConversationMemory
package import Foundation
internal import Records

/// Everything that can be set, read once, in one place.
///
/// An option of the command line comes before the environment, the environment before the default.
package struct Settings: Sendable {
  /// What the command line said; nil where it said nothing.
  package struct Options: Sendable {
    package var dataDirectory: String?
    package var model: String?

    package init(dataDirectory: String? = nil, model: String? = nil) {
      self.dataDirectory = dataDirectory
      self.model = model
    }
  }

  /// Where the database is.
  package let dataDirectory: URL
  /// The folder of a model, or the name of an embedder; nil for the installed default.
  package let model: String?
  package let sessionRules: SessionRules
  /// Seconds between two looks for overdue sessions.
  package let sweepInterval: Double

  /// Reads the settings.
  ///
  /// - Throws: `invalid_argument` naming the variable that cannot be understood.
  package init(
    _ options: Options = Options(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let directory = options.dataDirectory ?? environment["RECOLLECT_DATA_DIRECTORY"]
    dataDirectory =
      directory.map { URL(fileURLWithPath: $0, isDirectory: true) }
      ?? Self.defaultDirectory(environment)
    model = options.model ?? environment["RECOLLECT_MODEL"]
    let hours = try Self.number("RECOLLECT_SESSION_TIMEOUT_HOURS", environment) ?? 24
    let limit = try Self.number("RECOLLECT_MAX_SESSIONS_PER_USER", environment) ?? 10
    let minutes =
      try Self.number("RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES", environment) ?? 5
    let days = try Self.number("RECOLLECT_EXPIRED_SESSION_RETENTION_DAYS", environment)
    guard limit >= 1, limit <= 1_000_000, limit == limit.rounded() else {
      throw ServiceError.invalid("RECOLLECT_MAX_SESSIONS_PER_USER", "must be a whole number from 1")
    }
    guard hours > 0, hours <= 1_000_000 else {
      throw ServiceError.invalid(
        "RECOLLECT_SESSION_TIMEOUT_HOURS", "must be above 0 and at most a million")
    }
    guard minutes >= 0.001, minutes <= 1_000_000 else {
      throw ServiceError.invalid(
        "RECOLLECT_SESSION_CLEANUP_INTERVAL_MINUTES", "must be from 0.001 to a million")
    }
    if let days, !(0...1_000_000).contains(days) {
      throw ServiceError.invalid(
        "RECOLLECT_EXPIRED_SESSION_RETENTION_DAYS", "must be from 0 to a million")
    }
    sessionRules = SessionRules(
      maximumPerUser: Int(limit), timeout: hours * 3600,
      isTracking: try Self.flag("RECOLLECT_ENABLE_SESSION_TRACKING", environment) ?? true,
      retention: days.map { $0 * 86_400 },
      memoriesOnPurge: try Self.choice("RECOLLECT_MEMORY_ON_SESSION_PURGE", environment) ?? .keep)
    sweepInterval = minutes * 60
  }

  private static func number(_ name: String, _ environment: [String: String]) throws -> Double? {
    guard let text = environment[name], !text.isEmpty else { return nil }
    guard let number = Double(text), number.isFinite else {
      throw ServiceError.invalid(name, "must be a number, not \(text)")
    }
    return number
  }

  private static func flag(_ name: String, _ environment: [String: String]) throws -> Bool? {
    guard let text = environment[name], !text.isEmpty else { return nil }
    switch text.lowercased() {
    case "true", "1", "yes", "on": return true
    case "false", "0", "no", "off": return false
    default: throw ServiceError.invalid(name, "must be true or false, not \(text)")
    }
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ environment: [String: String]
  ) throws -> Choice? {
    guard let text = environment[name], !text.isEmpty else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw ServiceError.invalid(name, "must be one of \(choices), not \(text)")
    }
    return choice
  }

  /// `$XDG_DATA_HOME/recollect`, or `~/.local/share/recollect`.
  private static func defaultDirectory(_ environment: [String: String]) -> URL {
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") {
      return URL(fileURLWithPath: data, isDirectory: true).appendingPathComponent("recollect")
    }
    return FileManager.default.homeDirectoryForCurrentUser
      .appendingPathComponent(".local/share/recollect", isDirectory: true)
  }
}
