internal import Foundation
package import Records
internal import Retrieval

/// When something happened, told from what was said and when it was said: "I went yesterday", said on
/// the 8th of May, means the 7th.
package enum SaidDate {
  /// Whether a question asks for a time. Only English ones are known.
  package static func isAsked(by question: String) -> Bool {
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

  /// A time that a sentence names, as a date of its own; nil where it names none, or one that may as well
  /// be another.
  ///
  /// Without a year a day or a month is the latest that is past, unless the sentence looks ahead: then it
  /// is not told.
  ///
  /// - Parameter said: when the sentence was said.
  package static func phrase(in sentence: String, said: Timestamp) -> String? {
    let words = sentence.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "'" }
    let times = TimeExpression.all(in: sentence, at: said)
    if !times.isEmpty {
      let looksAhead = words.contains(where: ahead.contains)
      let isCertain =
        words.contains(where: back.contains)
        || words.contains { $0.count == 4 && (Int($0).map { $0 > 1900 } ?? false) }
        || sentence.contains(/\d{4}-\d{2}/)
      guard isCertain || !looksAhead else { return nil }
      return times.first.flatMap { phrase($0, said) }
    }
    return others(in: words, said)
  }

  /// Words of what is still to come, and of what is over.
  private static let ahead: Set<Substring> = [
    "will", "going", "gonna", "is", "are", "am", "next", "this", "plan", "planning", "leave",
    "leaving", "upcoming", "until", "by", "i'll", "we'll", "it'll", "he'll", "she'll", "they'll",
    "i'm", "we're", "it's", "can't", "hope", "hoping", "marry", "start", "starts", "begins",
  ]
  private static let back: Set<Substring> = [
    "yesterday", "ago", "last", "past", "previous", "today", "tonight", "was", "were", "had", "did",
  ]

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
  private static func others(in words: [Substring], _ said: Timestamp) -> String? {
    for (position, word) in words.enumerated() {
      if word == "tomorrow" {
        let isOneMore =
          position > 1 && words[position - 2] == "day" && words[position - 1] == "after"
        return day(of: said.advanced(bySeconds: isOneMore ? 172_800 : 86_400))
      }
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
