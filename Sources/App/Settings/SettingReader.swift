internal import Foundation
internal import LanguageModels
internal import Records

/// Turns what was set into values, and keeps account of what is in force and why.
struct SettingReader {
  private let values: [SettingKey: SettingSources.Value]
  private var known: [SettingKey: Settings.Explanation] = [:]

  init(_ values: [SettingKey: SettingSources.Value]) {
    self.values = values
  }

  /// Every setting that was read, in the order of the keys.
  var explanation: [Settings.Explanation] { SettingKey.allCases.compactMap { known[$0] } }

  mutating func optionalText(_ key: SettingKey) throws(ServiceError) -> String? {
    guard let text = note(key, default: nil) else { return nil }
    guard !text.trimmed.isEmpty else { throw invalid(key, "must not be blank") }
    return text
  }

  mutating func text(_ key: SettingKey, _ fallback: String) throws(ServiceError) -> String {
    guard let text = note(key, default: fallback), !text.trimmed.isEmpty else {
      throw invalid(key, "must not be blank")
    }
    return text
  }

  mutating func flag(_ key: SettingKey, _ fallback: Bool) throws(ServiceError) -> Bool {
    guard let text = note(key, default: String(fallback)) else { return fallback }
    switch text.lowercased() {
    case "true", "1", "yes", "on": return true
    case "false", "0", "no", "off": return false
    default: throw invalid(key, "must be true or false, not \(text)")
    }
  }

  mutating func optionalNumber(
    _ key: SettingKey, in range: ClosedRange<Double>
  ) throws(ServiceError) -> Double? {
    guard let text = note(key, default: nil) else { return nil }
    return try number(key, text, in: range)
  }

  mutating func number(
    _ key: SettingKey, _ fallback: Double, in range: ClosedRange<Double>
  ) throws(ServiceError) -> Double {
    guard let text = note(key, default: Self.shown(fallback)) else { return fallback }
    return try number(key, text, in: range)
  }

  mutating func count(
    _ key: SettingKey, _ fallback: Int, in range: ClosedRange<Int>
  ) throws(ServiceError) -> Int {
    guard let text = note(key, default: String(fallback)) else { return fallback }
    guard let number = Int(text), range.contains(number) else {
      throw invalid(
        key, "must be a whole number from \(range.lowerBound) to \(range.upperBound), not \(text)")
    }
    return number
  }

  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: SettingKey, _ fallback: Choice
  ) throws(ServiceError) -> Choice {
    guard let text = note(key, default: fallback.rawValue) else { return fallback }
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw invalid(key, "must be one of \(choices), not \(text)")
    }
    return choice
  }

  mutating func optionalChoice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: SettingKey
  ) throws(ServiceError) -> Choice? {
    guard let text = note(key, default: nil) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw invalid(key, "must be one of \(choices), not \(text)")
    }
    return choice
  }

  /// Values with commas between them; none when it is not set.
  mutating func list(_ key: SettingKey) throws(ServiceError) -> [String] {
    guard let text = note(key, default: nil) else { return [] }
    let values = text.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    guard !values.isEmpty else { throw invalid(key, "must not be blank") }
    return values
  }

  mutating func url(_ key: SettingKey) throws(ServiceError) -> URL? {
    guard let text = note(key, default: nil) else { return nil }
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme?.lowercased()),
      url.host()?.isEmpty == false
    else { throw invalid(key, "must be a URL that begins with https:// or http://") }
    return url
  }

  mutating func user(_ key: SettingKey) throws(ServiceError) -> UserID? {
    guard let text = note(key, default: nil) else { return nil }
    return try user(key, of: text)
  }

  mutating func user(_ key: SettingKey, _ fallback: String) throws(ServiceError) -> UserID {
    try user(key, of: note(key, default: fallback) ?? fallback)
  }

  private func user(_ key: SettingKey, of text: String) throws(ServiceError) -> UserID {
    do throws(ServiceError) {
      return try UserID(text)
    } catch {
      throw invalid(key, "is no name of a user: \(error.message)")
    }
  }

  private func number(
    _ key: SettingKey, _ text: String, in range: ClosedRange<Double>
  ) throws(ServiceError) -> Double {
    guard let number = Double(text), range.contains(number) else {
      throw invalid(
        key,
        "must be a number from \(Self.shown(range.lowerBound)) to "
          + "\(Self.shown(range.upperBound)), not \(text)")
    }
    return number
  }

  /// The text of a setting, which from here on counts as read.
  private mutating func note(_ key: SettingKey, default fallback: String?) -> String? {
    let value = values[key]
    known[key] = Settings.Explanation(
      key: key.rawValue,
      value: key.isSecret ? value.map { _ in Secret.mask } : value?.text ?? fallback,
      origin: value?.origin ?? .fallback,
      meaning: key.meaning, variable: key.variable)
    return value?.text ?? fallback
  }

  /// A refusal that names the setting as whoever set it did.
  private func invalid(_ key: SettingKey, _ rule: String) -> ServiceError {
    let name = values[key]?.origin == .environment ? key.variable : key.rawValue
    return .invalid(name, rule)
  }

  private static func shown(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
  }
}
