internal import Foundation
internal import Records
internal import Retrieval

/// When something happened, told from what was said and when it was said: "I went yesterday", said on
/// the 8th of May, means the 7th.
enum SaidDate {
  /// Whether a question asks for a time. Only English ones are known.
  static func isAsked(by question: String) -> Bool {
    let words = question.lowercased().split { !$0.isLetter }.prefix(3)
    guard let first = words.first else { return false }
    if first == "when" { return true }
    let rest = words.dropFirst()
    let units: Set<Substring> = ["date", "day", "month", "year"]
    switch first {
    case "what", "which": return rest.first.map(units.contains) ?? false
    case "in", "on":
      return ["what", "which"].contains(rest.first ?? "") && rest.last.map(units.contains) ?? false
    default: return false
    }
  }

  /// The first time that a sentence names, as a date of its own.
  ///
  /// - Parameter said: when the sentence was said.
  static func phrase(in sentence: String, said: Timestamp) -> String? {
    if let other = others(in: sentence.lowercased(), said) { return other }
    return TimeExpression.all(in: sentence, at: said).first.flatMap { phrase($0, said) }
  }

  /// `8 May 2023`
  static func day(of moment: Timestamp) -> String {
    let parts = calendar.dateComponents([.year, .month, .day], from: moment.date)
    return "\(parts.day ?? 1) \(month(parts.month ?? 1)) \(parts.year ?? 1)"
  }

  // MARK: Parts

  private static func phrase(_ time: TimeExpression, _ said: Timestamp) -> String? {
    let start = time.start.date
    let length = time.end.seconds(since: time.start) / 86_400
    // A beginning or an end alone is no date.
    guard length < 400 else { return nil }
    let parts = calendar.dateComponents([.year, .month, .day], from: start)
    guard let year = parts.year, let number = parts.month, let first = parts.day else { return nil }
    if length <= 1 { return day(of: time.start) }
    if first == 1, (28...31).contains(length) { return "\(month(number)) \(year)" }
    if first == 1, number == 1, length >= 365 { return "\(year)" }
    let middle = time.start.advanced(bySeconds: length * 43_200)
    guard (6...8).contains(length) else {
      // So many months or years ago.
      let parts = calendar.dateComponents([.year, .month], from: middle.date)
      guard let year = parts.year, let number = parts.month else { return nil }
      return length < 60 ? "\(month(number)) \(year)" : "\(year)"
    }
    let weeks = Int((said.seconds(since: middle) / 604_800).rounded())
    switch weeks {
    case 0: return "the week of \(day(of: said))"
    case 1: return "the week before \(day(of: said))"
    default: return "\(weeks) weeks before \(day(of: said))"
    }
  }

  /// What looks ahead, and other times of which questions do not speak.
  private static func others(in text: String, _ said: Timestamp) -> String? {
    let words = text.split { !$0.isLetter }
    for (position, word) in words.enumerated() {
      if word == "tomorrow" { return day(of: said.advanced(bySeconds: 86_400)) }
      guard position + 1 < words.count else { continue }
      switch (word, words[position + 1]) {
      case ("last", "night"): return day(of: said.advanced(bySeconds: -86_400))
      case ("this", "morning"), ("this", "afternoon"), ("this", "evening"): return day(of: said)
      case ("last", "weekend"), ("past", "weekend"): return "the weekend before \(day(of: said))"
      case ("next", "week"): return "the week after \(day(of: said))"
      case ("next", "weekend"): return "the weekend after \(day(of: said))"
      case ("next", "month"):
        return calendar.date(byAdding: .month, value: 1, to: said.date).map { date in
          let parts = calendar.dateComponents([.year, .month], from: date)
          return "\(month(parts.month ?? 1)) \(parts.year ?? 1)"
        }
      case ("next", "year"): return "\(calendar.component(.year, from: said.date) + 1)"
      default: continue
      }
    }
    return nil
  }

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = .gmt
    return calendar
  }()

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  private static func month(_ number: Int) -> String { months[(number - 1) % 12] }
}

extension Timestamp {
  fileprivate var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
