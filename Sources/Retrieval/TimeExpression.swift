import Foundation
package import Records

/// A stretch of time that a question names: "in May 2023", "yesterday", "two weeks ago",
/// "since last Monday", "2023-05-08".
///
/// Only what names a time beyond doubt is read, in English and as ISO 8601: "may" alone is a verb, a
/// bare number is no year. A time without a year is the latest that is past.
package struct TimeExpression: Hashable, Sendable {
  /// From the first millisecond on.
  package let start: Timestamp
  /// Up to, not including, this.
  package let end: Timestamp

  /// The times that a text names, in its order.
  ///
  /// - Complexity: O(length of the text).
  package static func all(in text: String, at now: Timestamp) -> [TimeExpression] {
    guard TimeWords.mayBe(in: text) else { return [] }
    var reader = TimeReader(text, now)
    return reader.expressions()
  }

  /// 1 for a moment inside, falling to a half at as far outside as the time is long, and on.
  package func nearness(of moment: Timestamp) -> Double {
    if moment >= start && moment < end { return 1 }
    let distance = moment < start ? start.seconds(since: moment) : moment.seconds(since: end)
    let length = max(end.seconds(since: start), 1)
    return 1 / (1 + distance / length)
  }
}

/// Tells soon that a text names no time, as nearly all do.
private enum TimeWords {
  /// False only for a text that names none: each form has a number, or one of some words.
  static func mayBe(in text: String) -> Bool {
    let bytes = text.utf8.span
    var letters = InlineArray<9, UInt8>(repeating: 0)
    var position = 0
    while position < bytes.count {
      guard isPart(bytes[position]) else {
        // Letters beyond ASCII may be anything.
        if bytes[position] >= 0x80 { return true }
        position += 1
        continue
      }
      if isDigit(bytes[position]) { return true }
      var length = 0
      while position < bytes.count, isPart(bytes[position]) {
        if length < letters.count { letters[length] = bytes[position] | 0x20 }
        length += 1
        position += 1
      }
      guard length >= 3, length <= letters.count, starts[Int(letters[0] & 0x1F)] else { continue }
      let word = (0..<length).map { letters[$0] }
      if all.contains(String(decoding: word, as: UTF8.self)) { return true }
    }
    return false
  }

  private static let all = Set(TimeReader.months.keys).union(TimeReader.weekdays.keys)
    .union(["today", "tonight", "yesterday", "last", "past", "this", "previous", "ago"])
  /// Whether one of the words begins with a letter, by its number in the alphabet.
  private static let starts = (0..<32).map { number in
    all.contains { Int(($0.utf8.first ?? 0) & 0x1F) == number }
  }

  /// Whether the byte belongs to a word, as far as ASCII goes.
  static func isPart(_ byte: UInt8) -> Bool {
    let letter = byte | 0x20
    return letter >= 0x61 && letter <= 0x7A || isDigit(byte) || byte == UInt8(ascii: "-")
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

/// Reads a text word by word.
private struct TimeReader {
  private let words: [String]
  private let calendar: Calendar
  private let now: Date
  private var position = 0

  init(_ text: String, _ now: Timestamp) {
    words = Self.words(of: text.lowercased())
    calendar = Self.calendar
    self.now = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
  }

  mutating func expressions() -> [TimeExpression] {
    var found: [TimeExpression] = []
    while position < words.count {
      let first = position
      if let interval = interval() {
        let bounded = bounded(interval, by: first > 0 ? words[first - 1] : "")
        if let expression = TimeExpression(bounded) { found.append(expression) }
      } else {
        position = first + 1
      }
    }
    return found
  }

  /// What a word before a time makes of it.
  private func bounded(_ interval: DateInterval, by word: String) -> DateInterval {
    switch word {
    case "since" where interval.start < now, "after" where interval.end < now:
      DateInterval(start: word == "since" ? interval.start : interval.end, end: now)
    case "before", "until":
      DateInterval(start: Date(timeIntervalSince1970: 0), end: max(interval.start, .epoch))
    default: interval
    }
  }

  /// Reading bytes takes a tenth of the time of reading letters, and is the same for ASCII.
  private static func words(of text: String) -> [String] {
    guard text.utf8.allSatisfy({ $0 < 0x80 }) else {
      return text.split { !$0.isLetter && !$0.isNumber && $0 != "-" }.map(String.init)
    }
    return text.utf8.split { !TimeWords.isPart($0) }.map { String($0) ?? "" }
  }

  private static let calendar: Calendar = {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = TimeZone(identifier: "UTC") ?? .gmt
    return calendar
  }()

  // MARK: Forms

  private mutating func interval() -> DateInterval? {
    numericDate() ?? namedDate() ?? year() ?? namedDay() ?? relative() ?? ago()
  }

  private func word(_ offset: Int = 0) -> String {
    position + offset < words.count && position + offset >= 0 ? words[position + offset] : ""
  }

  /// `2023-05-08`, `2023-05`.
  private mutating func numericDate() -> DateInterval? {
    // A time of day may follow.
    let date = word().prefix { $0 != "t" }
    let parts = date.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard (2...3).contains(parts.count), word().first?.isNumber == true,
      let year = parts[0], Self.years.contains(year), let month = parts[1],
      let whole = interval(year, month, parts.count == 3 ? parts[2] : nil, isDay: parts.count == 3)
    else { return nil }
    position += 1
    return whole
  }

  /// `8 May 2023`, `May 8th, 2023`, `May 2023`, `May 8`, and `in May`.
  private mutating func namedDate() -> DateInterval? {
    if let day = day(word()), let month = Self.months[word(1)] {
      let year = year(word(2))
      guard year != nil || isDate(word(), beside: word(1)) else { return nil }
      return take(year == nil ? 2 : 3, year, month, day)
    }
    guard let month = Self.months[word()] else { return nil }
    if let year = year(word(1)) { return take(2, year, month, nil) }
    if let day = day(word(1)) {
      let year = year(word(2))
      guard year != nil || isDate(word(1), beside: word()) else { return nil }
      return take(year == nil ? 2 : 3, year, month, day)
    }
    let isMeant = [
      "in", "during", "since", "last", "of", "early", "late", "mid", "before", "until",
    ]
    guard isMeant.contains(word(-1)) else { return nil }
    return take(1, nil, month, nil)
  }

  /// Whether a number beside the name of a month is its day: some names are other words as well.
  private func isDate(_ day: String, beside month: String) -> Bool {
    !["may", "march", "mar"].contains(month) || Int(day) == nil || word(-1) == "on"
  }

  /// `in 2023`.
  private mutating func year() -> DateInterval? {
    guard ["in", "during", "since", "year", "before", "after", "until"].contains(word(-1)),
      let year = year(word()), let whole = interval(year, 1, nil, isDay: false)
    else { return nil }
    position += 1
    return calendar.dateInterval(of: .year, for: whole.start)
  }

  /// `today`, `yesterday`, `on Monday`, `last Monday`.
  private mutating func namedDay() -> DateInterval? {
    switch word() {
    case "today", "tonight": return take(1, daysAgo: 0)
    case "yesterday": return take(1, daysAgo: 1)
    case "day" where word(1) == "before" && word(2) == "yesterday": return take(3, daysAgo: 2)
    case "on", "last", "this", "past":
      return Self.weekdays[word(1)].flatMap { take(2, weekday: $0, orToday: word() == "this") }
    default:
      guard word(-1) == "since", let weekday = Self.weekdays[word()] else { return nil }
      return take(1, weekday: weekday, orToday: false)
    }
  }

  /// The latest day of that name.
  private mutating func take(_ words: Int, weekday: Int, orToday: Bool) -> DateInterval? {
    let days = (calendar.component(.weekday, from: now) - weekday + 7) % 7
    return take(words, daysAgo: days == 0 && !orToday ? 7 : days)
  }

  /// `last week`, `this year`, `the past three months`.
  private mutating func relative() -> DateInterval? {
    guard ["last", "past", "this", "previous"].contains(word()) else { return nil }
    if let unit = Self.units[word(1)], word() != "past" {
      defer { position += 2 }
      let isThis = word() == "this"
      return calendar.date(byAdding: unit, value: isThis ? 0 : -1, to: now)
        .flatMap { calendar.dateInterval(of: unit, for: $0) }
    }
    let isOne = Self.units[word(1)] != nil
    guard word() != "this", let count = isOne ? 1 : Self.number(word(1)),
      let unit = Self.units[word(isOne ? 1 : 2)],
      let start = calendar.date(byAdding: unit, value: -count, to: now)
    else { return nil }
    position += isOne ? 2 : 3
    return DateInterval(start: start, end: now)
  }

  /// `two weeks ago`: the week around then.
  private mutating func ago() -> DateInterval? {
    guard let count = Self.number(word()), let unit = Self.units[word(1)], word(2) == "ago",
      let moment = calendar.date(byAdding: unit, value: -count, to: now)
    else { return nil }
    position += 3
    return unit == .day
      ? calendar.dateInterval(of: .day, for: moment)
      : calendar.dateInterval(of: unit, for: moment).map {
        DateInterval(
          start: moment - $0.duration / 2, end: moment + $0.duration / 2)
      }
  }

  // MARK: Parts

  private mutating func take(
    _ words: Int, _ year: Int?, _ month: Int, _ day: Int?
  ) -> DateInterval? {
    guard let found = interval(year, month, day, isDay: day != nil) else { return nil }
    position += words
    return found
  }

  private mutating func take(_ words: Int, daysAgo days: Int) -> DateInterval? {
    position += words
    return calendar.date(byAdding: .day, value: -days, to: now)
      .flatMap { calendar.dateInterval(of: .day, for: $0) }
  }

  /// A day or a month; without a year the latest that has begun.
  private func interval(_ year: Int?, _ month: Int, _ day: Int?, isDay: Bool) -> DateInterval? {
    guard let year else {
      let this = calendar.component(.year, from: now)
      let candidate = interval(this, month, day, isDay: isDay)
      if let candidate, candidate.start <= now { return candidate }
      return interval(this - 1, month, day, isDay: isDay)
    }
    let parts = DateComponents(year: year, month: month, day: day ?? 1)
    guard isDay == (day != nil), let date = calendar.date(from: parts),
      calendar.dateComponents([.year, .month, .day], from: date)
        == DateComponents(year: year, month: month, day: day ?? 1)
    else { return nil }
    return calendar.dateInterval(of: isDay ? .day : .month, for: date)
  }

  private static let years = 1900...2200

  private func year(_ word: String) -> Int? {
    guard word.count == 4, let year = Int(word), Self.years.contains(year) else { return nil }
    return year
  }

  private func day(_ word: String) -> Int? {
    let digits = word.prefix(while: \.isNumber)
    guard (1...2).contains(digits.count), let day = Int(digits), (1...31).contains(day),
      ["", "st", "nd", "rd", "th"].contains(word.dropFirst(digits.count))
    else { return nil }
    return day
  }

  private static func number(_ word: String) -> Int? {
    if let number = Int(word), (1...999).contains(number) { return number }
    return numbers[word]
  }

  private static let numbers = [
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
  ]

  private static let units: [String: Calendar.Component] = [
    "day": .day, "days": .day, "week": .weekOfYear, "weeks": .weekOfYear, "month": .month,
    "months": .month, "year": .year, "years": .year,
  ]

  fileprivate static let months: [String: Int] = {
    let names = [
      ["january", "jan"], ["february", "feb"], ["march", "mar"], ["april", "apr"], ["may"],
      ["june", "jun"], ["july", "jul"], ["august", "aug"], ["september", "sep", "sept"],
      ["october", "oct"], ["november", "nov"], ["december", "dec"],
    ]
    return Dictionary(
      uniqueKeysWithValues: names.enumerated().flatMap { number, names in
        names.map { ($0, number + 1) }
      })
  }()

  fileprivate static let weekdays = [
    "sunday": 1, "monday": 2, "tuesday": 3, "wednesday": 4, "thursday": 5, "friday": 6,
    "saturday": 7,
  ]
}

extension TimeExpression {
  fileprivate init?(_ interval: DateInterval) {
    guard interval.duration > 0 else { return nil }
    start = Timestamp(milliseconds: Int64(interval.start.timeIntervalSince1970 * 1000))
    end = Timestamp(milliseconds: Int64(interval.end.timeIntervalSince1970 * 1000))
  }
}

extension Date {
  fileprivate static let epoch = Date(timeIntervalSince1970: 0)
}
