import App
import ConversationMemory
import Foundation
import Records
import TestSupport
import Testing

@Suite struct SettingsTests {
  private func settings(
    _ options: [SettingKey: String] = [:], file: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Settings {
    // No file of whoever runs the tests.
    var environment = environment
    environment["XDG_CONFIG_HOME"] = environment["XDG_CONFIG_HOME"] ?? "/nowhere"
    return try Settings(Settings.Options(options, file: file), environment: environment)
  }

  /// A value of each setting that is not its default.
  private static let others: [SettingKey: String] = [
    .dataDirectory: "/elsewhere", .model: "hashing", .tools: "core", .readOnly: "true",
    .user: "ana", .defaultUser: "ben", .sessionTimeoutHours: "0.5", .maxSessionsPerUser: "3",
    .sessionCleanupIntervalMinutes: "0.25", .enableSessionTracking: "false",
    .expiredSessionRetentionDays: "1.5", .memoryOnSessionPurge: "delete", .semanticWeight: "0.35",
    .transport: "http", .host: "::1", .port: "9999", .auth: "keys", .allowedHosts: "memory.lan",
    .allowedOrigins: "https://memory.lan", .publicURL: "https://memory.lan/mcp",
    .maxRequestBytes: "2048", .tokenIssuer: "https://issuer.lan", .tokenKeys: "/keys.json",
    .acceptedAudiences: "memory", .identityClaim: "email",
    .keywordWeight: "0.25", .passagePenalty: "0.2", .neighborWeight: "0.2",
    .conversationWeight: "0.2", .questionPenalty: "0.2", .recencyWeight: "0.1",
    .recencyHalfLife: "10", .importanceWeight: "0.2", .frequencyWeight: "0.1",
    .sessionWeight: "0.1", .timeWeight: "0.1", .generatedPenalty: "0.1", .logLevel: "debug",
    .logFormat: "json", .answerModelProvider: "openai", .answerModelURL: "http://127.0.0.1:1/v1",
    .answerModelName: "small", .answerModelKey: "sk-of-nobody", .answerModelKeyFile: "/key.txt",
    .answerModelConnectTimeout: "2", .answerModelTimeout: "30", .answerModelAttempts: "2",
  ]

  /// What the settings say, without how they explain themselves.
  private func content(_ settings: Settings) -> [String: String] {
    var content: [String: String] = [:]
    for child in Mirror(reflecting: settings).children
    where child.label != "explanation" && child.label != "file" {
      content[child.label ?? ""] = "\(child.value)"
    }
    return content
  }

  @Test(arguments: SettingKey.allCases)
  func `every key changes what the program is told, wherever it is set`(key: SettingKey) throws {
    let other = try #require(Self.others[key], "give \(key.rawValue) a value that is no default")
    let standard = try settings()
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("recollect.json")
    let path = key.rawValue.split(separator: ".")
    let json = path.dropLast().reversed().reduce(
      "{\"\(path.last ?? "")\": \"\(other)\"}"
    ) { "{\"\($1)\": \($0)}" }
    try json.write(to: file, atomically: true, encoding: .utf8)
    for (origin, changed) in [
      (SettingOrigin.commandLine, try settings([key: other])),
      (.environment, try settings(environment: [key.variable: other])),
      (.file, try settings(file: file.path)),
    ] {
      #expect(content(changed) != content(standard), "\(key.rawValue) is read by nothing")
      let explained = try #require(changed.explanation.first { $0.key == key.rawValue })
      #expect(explained.value == (key.isSecret ? "••••••" : other) && explained.origin == origin)
      #expect(!key.isSecret || !"\(changed)".contains(other), "\(key.rawValue) can be printed")
      #expect(
        changed.explanation.filter { $0.key != key.rawValue }.allSatisfy { $0.origin == .fallback })
    }
    #expect(standard.explanation.map(\.key) == SettingKey.allCases.map(\.rawValue))
  }

  @Test func `what the settings say is used outside of them`() throws {
    var sources = ""
    for folder in ["Sources/App", "Sources/Commands"] {
      let root = Checkout.root.appendingPathComponent(folder)
      let names = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String }
      for name in names ?? [] where name.hasSuffix(".swift") && !name.contains("Settings/") {
        sources += try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
      }
    }
    sources += try String(
      contentsOf: Checkout.root.appendingPathComponent("Sources/App/LogFormat.swift"),
      encoding: .utf8)
    for child in Mirror(reflecting: try settings()).children {
      let name = try #require(child.label)
      let isUsed =
        sources.contains("settings.\(name)") || sources.contains("switch \(name)")
        || sources.contains("logLevel = \(name)")
      #expect(isUsed, "nothing reads Settings.\(name)")
    }
  }

  @Test func `the command line comes before the environment, that before the file`() throws {
    let directory = try TemporaryDirectory()
    let folder = directory.url.appendingPathComponent("recollect")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try """
    {"session_timeout_hours": 3, "max_sessions_per_user": 4, "enable_session_tracking": false,
     "retrieval": {"passage_penalty": 0.01}, "model": null}
    """.write(
      to: folder.appendingPathComponent("recollect.json"), atomically: true, encoding: .utf8)
    let found = try settings(
      [.sessionTimeoutHours: "1"],
      environment: [
        "XDG_CONFIG_HOME": directory.url.path, "RECOLLECT_SESSION_TIMEOUT_HOURS": "2",
        "RECOLLECT_MAX_SESSIONS_PER_USER": "5", "RECOLLECT_MODEL": "",
      ])
    #expect(found.sessionRules.timeout == 3600)
    #expect(found.sessionRules.maximumPerUser == 5)
    #expect(!found.sessionRules.isTracking && found.weights.passagePenalty == 0.01)
    #expect(found.model == nil)
    #expect(found.file?.lastPathComponent == "recollect.json")
    let origins = Dictionary(uniqueKeysWithValues: found.explanation.map { ($0.key, $0.origin) })
    #expect(origins["session_timeout_hours"] == .commandLine)
    #expect(origins["max_sessions_per_user"] == .environment)
    #expect(origins["enable_session_tracking"] == .file)
    #expect(origins["log_level"] == .fallback)
  }

  @Test(arguments: [
    ("RECOLLECT_SESION_TIMEOUT_HOURS", "1"), ("RECOLLECT_READ_ONLY", "perhaps"),
    ("RECOLLECT_MAX_SESSIONS_PER_USER", "0"), ("RECOLLECT_MAX_SESSIONS_PER_USER", "2.5"),
    ("RECOLLECT_SESSION_TIMEOUT_HOURS", "nan"), ("RECOLLECT_SESSION_TIMEOUT_HOURS", "-1"),
    ("RECOLLECT_RETRIEVAL_SEMANTIC_WEIGHT", "0.9"), ("RECOLLECT_USER", "two words"),
    ("RECOLLECT_PORT", "65536"), ("RECOLLECT_AUTH", "some"), ("RECOLLECT_TRANSPORT", "smoke"),
    ("RECOLLECT_PUBLIC_URL", "memory.lan/mcp"), ("RECOLLECT_ALLOWED_HOSTS", " , "),
    ("RECOLLECT_LOG_LEVEL", "loud"), ("RECOLLECT_RETRIEVAL_PASSAGE_PENALTY", "-0.1"),
  ])
  func `what makes no sense is refused by its name`(name: String, value: String) {
    let error = #expect(throws: ServiceError.self) {
      try settings(environment: [name: value])
    }
    #expect(error?.code == .invalidArgument)
    let isNamed =
      error?.message.contains(name) == true
      || error?.message.contains("retrieval.semantic_weight") == true
    #expect(isNamed, "\(error?.message ?? "")")
  }

  @Test(arguments: [
    #"{"sesion_timeout_hours": 1}"#, #"{"retrieval": {"semantic": 1}}"#, #"{"retrieval": 1}"#,
    #"{"model": ["a"]}"#, "[]", "{", #"{"tools": ""}"#, #"{"model": ""}"#, #"{"model": " "}"#,
    #"{"retrieval": {"keyword_weight": 0.1}, "retrieval.keyword_weight": 0.2}"#,
    #"{"retrieval": {"keyword_weight": 0.1}, "retrieval.keyword_weight": 0.1}"#,
    #"{"model": "hashing", "model": "hashing"}"#,
  ])
  func `a settings file that makes no sense is refused`(text: String) throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("settings.json")
    try text.write(to: file, atomically: true, encoding: .utf8)
    let error = #expect(throws: ServiceError.self) { try settings(file: file.path) }
    #expect(error?.code == .invalidArgument)
    #expect(throws: ServiceError.self) { try settings(file: file.path + ".none") }
  }

  @Test(arguments: [SettingKey.model, .dataDirectory, .tools], ["", " "])
  func `a blank text is refused by its name`(key: SettingKey, blank: String) {
    let error = #expect(throws: ServiceError.self) { try settings([key: blank]) }
    #expect(error?.code == .invalidArgument && error?.field == key.rawValue)
  }

  @Test func `null beside a value sets nothing, so the value is set once`() throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("settings.json")
    try #"{"retrieval": {"keyword_weight": 0.1}, "retrieval.keyword_weight": null}"#
      .write(to: file, atomically: true, encoding: .utf8)
    #expect(try settings(file: file.path).weights.keyword == 0.1)
  }
}
