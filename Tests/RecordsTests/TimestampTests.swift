import Foundation
import Records
import TestSupport
import Testing

@Suite struct TimestampTests {
  @Test func `a time survives being printed and read, over ten thousand years`() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      // 0001-01-01 to 9999-12-31.
      let time = Timestamp(
        milliseconds: .random(in: -62_135_596_800_000...253_402_300_799_999, using: &generator))
      #expect(Timestamp(time.description) == time)
    }
  }

  @Test func `printed times are Foundation's`() {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<2_000 {
      // The Gregorian calendar only, from 1600 on: Foundation switches calendars before.
      let seconds = Int64.random(in: -11_676_096_000...250_000_000_000, using: &generator)
      let time = Timestamp(milliseconds: seconds * 1000 + 250)
      let date = Date(timeIntervalSince1970: Double(seconds) + 0.25)
      #expect(time.description == formatter.string(from: date))
    }
  }

  @Test(arguments: [
    ("2026-11-22", "2026-11-22T00:00:00.000Z"), ("2026-11-22T14:05", "2026-11-22T14:05:00.000Z"),
    ("2026-11-22T14:05:09Z", "2026-11-22T14:05:09.000Z"),
    ("2026-11-22 14:05:09.5", "2026-11-22T14:05:09.500Z"),
    ("2026-11-22T14:05:09.123456Z", "2026-11-22T14:05:09.123Z"),
    ("2026-11-22T14:05:09+02:00", "2026-11-22T12:05:09.000Z"),
    ("2026-11-22T00:30-0130", "2026-11-22T02:00:00.000Z"),
    ("2024-02-29", "2024-02-29T00:00:00.000Z"),
  ])
  func `the usual forms are read`(text: String, expected: String) {
    #expect(Timestamp(text)?.description == expected)
  }

  @Test(arguments: [
    "", "2026", "2026-13-01", "2026-02-30", "2025-02-29", "2026-1-1", "2026-11-22T", "yesterday",
    "2026-11-22T25:00", "2026-11-22T14:60", "2026-11-22T14:05:60", "2026-11-22T14:05:09.",
    "2026-11-22T14:05:09+2", "2026-11-22x", "0000-01-01", "2026-11-22T14:05:09Z ", "1790000000",
  ])
  func `anything else is not a time`(text: String) {
    #expect(Timestamp(text) == nil)
  }
}
