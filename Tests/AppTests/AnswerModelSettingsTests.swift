import App
import Foundation
import LanguageModels
import Records
import TestSupport
import Testing

/// Settings of a remote model that go together, and those that do not.
@Suite struct AnswerModelSettingsTests {
  private func model(_ options: [SettingKey: String]) throws -> ChatModel? {
    try Settings(Settings.Options(options), environment: ["XDG_CONFIG_HOME": "/nowhere"])
      .answerModel.model()
  }

  @Test func `without a URL there is no model`() throws {
    #expect(try model([:]) == nil)
    let set = try model([
      .answerModelURL: "http://127.0.0.1:11434/v1/", .answerModelName: "small",
    ])
    #expect(set?.name == "small")
  }

  @Test(
    arguments: [
      ([.answerModelProvider: "openai"], "answer_model.provider"),
      ([.answerModelName: "small"], "answer_model.model"),
      ([.answerModelKey: "sk"], "answer_model.key"),
      ([.answerModelKeyFile: "/nowhere"], "answer_model.key_file"),
      ([.answerModelURL: "http://127.0.0.1:1"], "answer_model.url"),
      (
        [.answerModelURL: "http://u:p@127.0.0.1:1", .answerModelName: "small"], "answer_model.url"
      ),
      (
        [
          .answerModelURL: "http://models.lan/v1", .answerModelName: "small", .answerModelKey: "sk",
        ],
        "answer_model.url"
      ),
      (
        [
          .answerModelURL: "http://127.evil.example/v1", .answerModelName: "small",
          .answerModelKey: "sk",
        ],
        "answer_model.url"
      ),
      (
        [
          .answerModelURL: "https://models.lan/v1", .answerModelName: "small",
          .answerModelKey: "sk\r\nHost: x",
        ],
        "answer_model.key"
      ),
      (
        [
          .answerModelURL: "https://models.lan/v1", .answerModelName: "small",
          .answerModelKey: "sk", .answerModelKeyFile: "/nowhere",
        ],
        "answer_model.key_file"
      ),
      (
        [
          .answerModelURL: "https://models.lan/v1", .answerModelName: "small",
          .answerModelKeyFile: "/nowhere",
        ],
        "answer_model.key_file"
      ),
    ] as [([SettingKey: String], String)])
  func `what does not go together is refused by name`(
    options: [SettingKey: String], field: String
  ) throws {
    let error = try #require(throws: ServiceError.self) { _ = try model(options) }
    #expect(error.field == field)
    #expect(!error.message.contains("sk"), "\(error.message)")
  }

  @Test func `a key comes from a file as well, and over http it goes to this machine alone`() throws
  {
    let directory = try TemporaryDirectory()
    let file = directory.url.appendingPathComponent("key")
    try " sk-secret\n".write(to: file, atomically: true, encoding: .utf8)
    var options: [SettingKey: String] = [
      .answerModelURL: "http://127.0.0.1:1/v1", .answerModelName: "small",
      .answerModelKeyFile: file.path,
    ]
    #expect(try model(options) != nil)
    options[.answerModelURL] = "https://models.lan/v1"
    #expect(try model(options) != nil)
    options[.answerModelKeyFile] = nil
    options[.answerModelURL] = "http://models.lan/v1"
    #expect(try model(options) != nil)
    try "two lines\nof text".write(to: file, atomically: true, encoding: .utf8)
    options[.answerModelKeyFile] = file.path
    options[.answerModelURL] = "https://models.lan/v1"
    #expect(throws: ServiceError.self) { try model(options) }
  }
}
