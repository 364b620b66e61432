import Foundation

/// A moment in UTC, to the millisecond.
package struct Timestamp: Hashable, Comparable, Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  package let milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// The current moment of the machine's clock.
  package static func now() -> Timestamp {
    Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
  }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  /// The moment so many seconds later.
  package func advanced(bySeconds seconds: Double) -> Timestamp {
    // Far beyond any date this can name; keeps the sum from overflowing for absurd settings.
    let bounded = min(max(seconds, -1e13), 1e13)
    return Timestamp(milliseconds: milliseconds + Int64((bounded * 1000).rounded()))
  }

  /// Seconds from an earlier moment to this one.
  package func seconds(since earlier: Timestamp) -> Double {
    Double(milliseconds - earlier.milliseconds) / 1000
  }
}

// MARK: - ISO 8601

extension Timestamp: CustomStringConvertible {
  /// `2026-11-22T14:05:09.120Z`.
  package var description: String {
    let (year, month, day, inDay) = parts
    let date = "\(year.padded(4))-\(month.padded(2))-\(day.padded(2))"
    let time =
      "\((inDay / 3_600_000).padded(2)):\((inDay / 60_000 % 60).padded(2)):"
      + "\((inDay / 1000 % 60).padded(2)).\((inDay % 1000).padded(3))"
    return "\(date)T\(time)Z"
  }

  /// The date, and the milliseconds since its midnight.
  var parts: (year: Int64, month: Int64, day: Int64, inDay: Int64) {
    let days = milliseconds.floorDivided(by: 86_400_000)
    let (year, month, day) = Self.civil(days: days)
    return (year, month, day, milliseconds - days * 86_400_000)
  }

  /// Reads `2026-11-22`, `2026-11-22T14:05`, seconds and fractions, `Z` or an offset such as
  /// `+02:00`; without either the time is UTC. Years 0001 to 9999. Nil for anything else.
  package init?(_ text: String) {
    var scanner = DigitScanner(text.utf8[...])
    guard let year = scanner.number(4), year > 0, scanner.skip("-"),
      let month = scanner.number(2), (1...12).contains(month), scanner.skip("-"),
      let day = scanner.number(2), (1...Self.lastDay(of: month, in: year)).contains(day)
    else { return nil }
    var sum = Self.days(year, month, day) * 86_400_000
    if scanner.skip("T") || scanner.skip("t") || scanner.skip(" ") {
      guard let hour = scanner.number(2), hour < 24, scanner.skip(":"),
        let minute = scanner.number(2), minute < 60
      else { return nil }
      sum += (hour * 60 + minute) * 60_000
      if scanner.skip(":") {
        guard let second = scanner.number(2), second < 60 else { return nil }
        sum += second * 1000
        if scanner.skip(".") {
          guard let fraction = scanner.fractionInMilliseconds() else { return nil }
          sum += fraction
        }
      }
      guard let offset = scanner.offsetInMinutes() else { return nil }
      sum -= offset * 60_000
    }
    // An offset may lead out of the years that can be printed.
    guard scanner.isAtEnd, Self.printable.contains(sum) else { return nil }
    milliseconds = sum
  }

  /// 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
  private static let printable: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

  // Howard Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years whose year
  // begins in March, so that the leap day is the last of its year.
  private static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.floorDivided(by: 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func lastDay(of month: Int64, in year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let moment = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\(text) is not an ISO 8601 time")
    }
    self = moment
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

/// Reads fixed-width decimal numbers from the front of a text.
private struct DigitScanner {
  private var rest: Substring.UTF8View

  init(_ text: Substring.UTF8View) { rest = text }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  mutating func number(_ digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = nextDigit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// One to nine digits after the point; what is below a millisecond is cut.
  mutating func fractionInMilliseconds() -> Int64? {
    var value: Int64 = 0
    var digits = 0
    while let digit = nextDigit() {
      digits += 1
      if digits <= 3 { value = value * 10 + digit }
    }
    guard (1...9).contains(digits) else { return nil }
    for _ in 0..<max(0, 3 - digits) { value *= 10 }
    return value
  }

  mutating func offsetInMinutes() -> Int64? {
    if isAtEnd || skip("Z") || skip("z") { return 0 }
    let sign: Int64
    if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
    guard let hours = number(2), hours < 24 else { return nil }
    _ = skip(":")
    guard let minutes = number(2), minutes < 60 else { return nil }
    return sign * (hours * 60 + minutes)
  }

  private mutating func nextDigit() -> Int64? {
    guard let first = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return nil
    }
    rest.removeFirst()
    return Int64(first - UInt8(ascii: "0"))
  }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }

  fileprivate func padded(_ width: Int) -> String {
    let digits = String(self)
    return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
  }
}
