package import ConversationMemory
package import Foundation
package import Logging
internal import MCPServer
package import Records

/// Everything that can be set, read once, in one place.
///
/// An option of the command line comes before the environment, the environment before the settings
/// file, the file before the default.
package struct Settings: Sendable {
  /// Where the database is.
  package let dataDirectory: URL
  /// The folder of a model, or the name of an embedder; nil for the installed default.
  package let model: String?
  /// Which tools a server offers.
  package let tools: String
  /// Whether a server offers no tool that writes.
  package let readOnly: Bool
  /// The one user to whom a server binds its client.
  package let user: UserID?
  /// Whom a client means that names nobody.
  package let defaultUser: UserID
  /// The same when somebody has said so: over HTTP there is no other default.
  package let namedDefaultUser: UserID?
  package let transport: Transport
  /// Where a server listens.
  package let host: String
  package let port: Int
  /// Who may enter over HTTP; nil leaves it to whether there are keys.
  package let auth: Admission?
  package let allowedHosts: [String]
  package let allowedOrigins: [String]
  package let publicURL: URL?
  package let maxRequestBytes: Int
  /// What tokens are held against.
  package let tokenIssuer: String?
  package let tokenKeys: String?
  package let acceptedAudiences: [String]
  package let identityClaim: String
  package let sessionRules: SessionRules
  /// Seconds between two looks for overdue sessions.
  package let sweepInterval: Double
  package let weights: RelevanceWeights
  /// Which model answers questions and extracts facts.
  package let answerModel: AnswerModelSettings
  package let logLevel: Logger.Level
  package let logFormat: LogFormat
  /// The settings file that was read, if there is one.
  package let file: URL?
  /// Every setting, what it is, and why.
  package let explanation: [Explanation]

  /// How a server is reached.
  package enum Transport: String, CaseIterable, Sendable {
    case stdio
    case http
  }

  /// Who may enter over HTTP.
  package enum Admission: String, CaseIterable, Sendable {
    /// Everybody.
    case none
    /// Whoever has a key of this server.
    case keys
    /// Whoever has a token of the authorization server, or a key.
    case oauth
  }

  /// One setting as it is in force.
  package struct Explanation: Hashable, Sendable, Encodable {
    package let key: String
    /// Absent where it is not set and has no default.
    package let value: String?
    package let origin: SettingOrigin
    package let meaning: String
    package let variable: String
  }

  /// What the command line said.
  package struct Options: Sendable {
    /// The settings that it gave.
    package var values: [SettingKey: String]
    /// The settings file that it named.
    package var file: String?

    package init(_ values: [SettingKey: String] = [:], file: String? = nil) {
      self.values = values
      self.file = file
    }
  }

  /// Reads the settings.
  ///
  /// - Throws: `invalid_argument` naming the setting that cannot be understood, or what is no setting;
  ///   `unavailable` for a file that was named and cannot be read.
  package init(
    _ options: Options = Options(),
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let sources = try SettingSources(options, environment: environment)
    var reader = SettingReader(sources.values)
    self.file = sources.file
    dataDirectory = URL(
      fileURLWithPath: try reader.text(.dataDirectory, Self.defaultDirectory(environment).path),
      isDirectory: true)
    model = try reader.optionalText(.model)
    tools = try reader.text(.tools, "standard")
    readOnly = try reader.flag(.readOnly, false)
    user = try reader.user(.user)
    defaultUser = try reader.user(.defaultUser, "local")
    namedDefaultUser = sources.values[.defaultUser] == nil ? nil : defaultUser
    transport = try reader.choice(.transport, .stdio)
    host = try reader.text(.host, "127.0.0.1")
    port = try reader.count(.port, 8765, in: 0...65_535)
    auth = try reader.optionalChoice(.auth)
    allowedHosts = try reader.list(.allowedHosts)
    allowedOrigins = try reader.list(.allowedOrigins)
    publicURL = try reader.url(.publicURL)
    maxRequestBytes = try reader.count(
      .maxRequestBytes, HTTPRules.standardBodyLimit, in: 1_024...1 << 30)
    tokenIssuer = try reader.optionalText(.tokenIssuer)
    tokenKeys = try reader.optionalText(.tokenKeys)
    acceptedAudiences = try reader.list(.acceptedAudiences)
    identityClaim = try reader.text(.identityClaim, "sub")
    sessionRules = SessionRules(
      maximumPerUser: try reader.count(.maxSessionsPerUser, 10, in: 1...1_000_000),
      timeout: try reader.number(.sessionTimeoutHours, 24, in: 1e-6...1_000_000) * 3600,
      isTracking: try reader.flag(.enableSessionTracking, true),
      retention: try reader.optionalNumber(.expiredSessionRetentionDays, in: 0...1_000_000)
        .map { $0 * 86_400 },
      memoriesOnPurge: try reader.choice(.memoryOnSessionPurge, .keep))
    sweepInterval =
      try reader.number(.sessionCleanupIntervalMinutes, 5, in: 0.001...1_000_000) * 60
    weights = try Self.weights(&reader)
    answerModel = try AnswerModelSettings(&reader)
    logLevel = try reader.choice(.logLevel, .notice)
    logFormat = try reader.choice(.logFormat, .text)
    explanation = reader.explanation
  }

  private static func weights(_ reader: inout SettingReader) throws -> RelevanceWeights {
    let standard = RelevanceWeights()
    var weights = standard
    let shares: [(SettingKey, WritableKeyPath<RelevanceWeights, Double>)] = [
      (.semanticWeight, \.semantic), (.keywordWeight, \.keyword), (.neighborWeight, \.neighbor),
      (.conversationWeight, \.conversation), (.questionPenalty, \.question),
      (.passagePenalty, \.passagePenalty), (.recencyWeight, \.recency),
      (.importanceWeight, \.importance), (.frequencyWeight, \.frequency),
      (.sessionWeight, \.session), (.timeWeight, \.time), (.generatedPenalty, \.generated),
    ]
    for (key, share) in shares {
      weights[keyPath: share] = try reader.number(key, standard[keyPath: share], in: 0...1)
    }
    weights.halfLife = try reader.number(.recencyHalfLife, standard.halfLife, in: 0.001...1_000_000)
    guard weights.semantic + weights.keyword <= 1 + 1e-9, weights.semantic + weights.keyword > 0
    else {
      throw ServiceError.invalid(
        "\(SettingKey.semanticWeight.rawValue) and \(SettingKey.keywordWeight.rawValue)",
        "must add up to more than 0 and at most 1")
    }
    return weights
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
