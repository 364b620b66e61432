import Foundation
import Records
import TestSupport
import Testing

/// The settings as a person sees and sets them.
@Suite struct ConfigTests {
  private func run(
    _ arguments: [String], _ environment: [String: String] = [:]
  ) throws -> RecollectProcess.Outcome {
    try RecollectProcess().run(
      arguments, environment: environment.merging(["XDG_CONFIG_HOME": "/nowhere"]) { old, _ in old }
    )
  }

  @Test func `config names every setting, its value and where that comes from`() throws {
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("settings.json").path
    try #"{"log_format": "json", "retrieval": {"keyword_weight": 0.3}}"#
      .write(toFile: file, atomically: true, encoding: .utf8)
    let outcome = try run(
      ["config", "--config", file, "--data-directory", directory.url.path, "--json"],
      ["RECOLLECT_SESSION_TIMEOUT_HOURS": "0.5"])
    #expect(outcome.status == 0)
    let report = try JSON.value(JSONValue.self, from: outcome.standardOutput)
    #expect(report["file"]?.string == file)
    let settings = try #require(report["settings"]?.array)
    func setting(_ key: String) -> JSONValue? { settings.first { $0["key"]?.string == key } }
    #expect(setting("session_timeout_hours")?["origin"] == "environment")
    #expect(setting("session_timeout_hours")?["value"] == "0.5")
    #expect(setting("retrieval.keyword_weight")?["origin"] == "file")
    #expect(
      setting("retrieval.keyword_weight")?["variable"] == "RECOLLECT_RETRIEVAL_KEYWORD_WEIGHT")
    #expect(setting("data_directory")?["origin"] == "command line")
    #expect(setting("max_sessions_per_user")?["origin"] == "default")
    #expect(settings.allSatisfy { $0["meaning"]?.string?.isEmpty == false })
    let text = try run(["config"]).text
    for key in settings.compactMap({ $0["key"]?.string }) { #expect(text.contains(key)) }
  }

  @Test func `a misspelt setting ends the start and is named`() throws {
    for (environment, name) in [
      ("RECOLLECT_SESION_TIMEOUT_HOURS", "RECOLLECT_SESION_TIMEOUT_HOURS"),
      ("RECOLLECT_TOOLS", "tools"),
    ] {
      let directory = try TemporaryDirectory()
      let outcome = try run(
        ["serve", "--data-directory", directory.url.path], [environment: "nonsense"])
      #expect(outcome.status == 2)
      #expect(outcome.standardError.contains(name))
    }
    #expect(try run(["config", "--config", "/nowhere/recollect.json"]).status == 4)
  }

  @Test func `log lines are JSON where that is set`() throws {
    let directory = try TemporaryDirectory()
    let model = directory.url.appendingPathComponent("model").path
    try FileManager.default.createDirectory(atPath: model, withIntermediateDirectories: true)
    let outcome = try run(
      ["search", "tea", "--model", model, "--data-directory", directory.url.path],
      ["RECOLLECT_LOG_FORMAT": "json"])
    #expect(outcome.status == 4)
    let line = try #require(outcome.standardError.split(separator: "\n").first)
    let json = try JSON.value(JSONValue.self, from: String(line))
    #expect(json["level"] == "error" && json["time"]?.string?.hasSuffix("Z") == true)
    #expect(json["message"]?.string?.contains("model") == true)
  }
}
