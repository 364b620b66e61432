package import Foundation
package import LanguageModels
internal import Records

/// Which model answers questions and extracts facts.
package struct AnswerModelSettings: Sendable {
  /// Who answers questions.
  package enum Provider: String, CaseIterable, Sendable {
    /// Nobody makes words up: answers are quotes.
    case extractive
    /// The model at the URL, which speaks the OpenAI protocol.
    case openai
  }

  package let provider: Provider
  /// Facts are extracted by this model whoever answers questions.
  package let url: URL?
  package let name: String?
  package let key: Secret?
  package let keyFile: String?
  /// Seconds.
  package let connectTimeout: Double
  package let timeout: Double
  package let attempts: Int

  init(_ reader: inout SettingReader) throws(ServiceError) {
    provider = try reader.choice(.answerModelProvider, .extractive)
    url = try reader.url(.answerModelURL)
    // A name and a password in it would be shown with the other settings.
    if let url { _ = try Self.address(url) }
    name = try reader.optionalText(.answerModelName)
    key = try reader.optionalText(.answerModelKey).map { Secret($0.trimmed) }
    keyFile = try reader.optionalText(.answerModelKeyFile)
    connectTimeout = try reader.number(.answerModelConnectTimeout, 10, in: 0.001...3_600)
    timeout = try reader.number(.answerModelTimeout, 60, in: 0.001...3_600)
    attempts = try reader.count(.answerModelAttempts, 3, in: 1...20)
  }
}

extension AnswerModelSettings {
  /// The remote model, when one is set.
  ///
  /// - Throws: `invalid_argument` for settings that do not go together; `unavailable` for a file that
  ///   cannot be read.
  package func model() throws -> ChatModel? {
    guard let url else {
      let orphan = [
        provider == .openai ? SettingKey.answerModelProvider : nil,
        name == nil ? nil : .answerModelName, key == nil ? nil : .answerModelKey,
        keyFile == nil ? nil : .answerModelKeyFile,
      ].compactMap { $0 }.first
      guard let orphan else { return nil }
      throw ServiceError.invalid(
        orphan.rawValue, "needs \(SettingKey.answerModelURL.rawValue), the address of the model")
    }
    guard let name else {
      throw ServiceError.invalid(
        SettingKey.answerModelURL.rawValue,
        "needs \(SettingKey.answerModelName.rawValue), the name of the model there")
    }
    let address = try Self.address(url)
    let key = try usedKey()
    guard key == nil || address.isSecure || address.isLoopback else {
      throw ServiceError.invalid(
        SettingKey.answerModelURL.rawValue,
        "must begin with https:// where a key is sent, unless it is this machine")
    }
    var rules = ChatModel.Rules(address: address, model: name, key: key)
    rules.connectPatience = .seconds(connectTimeout)
    rules.patience = .seconds(timeout)
    rules.attempts = attempts
    return ChatModel(rules)
  }

  private static func address(_ url: URL) throws(ServiceError) -> RemoteAddress {
    do throws(RemoteAddress.Fault) {
      return try RemoteAddress(url.absoluteString)
    } catch {
      throw .invalid(SettingKey.answerModelURL.rawValue, error.rule)
    }
  }

  private func usedKey() throws -> Secret? {
    guard let keyFile else { return try key.map { try Self.checked($0, .answerModelKey) } }
    guard key == nil else {
      throw ServiceError.invalid(
        SettingKey.answerModelKeyFile.rawValue,
        "does not go together with \(SettingKey.answerModelKey.rawValue)")
    }
    let text: String
    do {
      text = try String(contentsOfFile: keyFile, encoding: .utf8).trimmed
    } catch {
      throw ServiceError(
        .unavailable, "\(keyFile) cannot be read: \(error.localizedDescription)",
        field: SettingKey.answerModelKeyFile.rawValue)
    }
    return try Self.checked(Secret(text), .answerModelKeyFile)
  }

  /// A key goes into the head of a request, where a line end would begin another field.
  private static func checked(_ key: Secret, _ setting: SettingKey) throws -> Secret {
    guard key.isFieldValue else {
      throw ServiceError.invalid(
        setting.rawValue, "holds no key: one line of visible ASCII is wanted")
    }
    return key
  }
}
