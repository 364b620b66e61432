import Records
import Retrieval
import Testing

@Suite struct TimeExpressionTests {
  /// A Thursday.
  private let now = Timestamp(stored: "2026-11-26T15:30:00Z")

  @Test(arguments: [
    ("What did we decide on 2023-05-08?", "2023-05-08", "2023-05-09"),
    ("at 2023-05-08T10:00Z", "2023-05-08", "2023-05-09"),
    ("in the past week", "2026-11-19T15:30:00Z", "2026-11-26T15:30:00Z"),
    ("bugs of 2024-02", "2024-02-01", "2024-03-01"),
    ("When did Ana travel in May 2023?", "2023-05-01", "2023-06-01"),
    ("the meeting on 8 May 2023", "2023-05-08", "2023-05-09"),
    ("the meeting on May 8th, 2023", "2023-05-08", "2023-05-09"),
    ("the outage of 29 February 2024", "2024-02-29", "2024-03-01"),
    ("the fair in october", "2026-10-01", "2026-11-01"),
    ("the fair in December", "2025-12-01", "2026-01-01"),
    ("lunch on March 3", "2026-03-03", "2026-03-04"),
    ("holidays in 2022", "2022-01-01", "2023-01-01"),
    ("what broke yesterday", "2026-11-25", "2026-11-26"),
    ("what broke the day before yesterday", "2026-11-24", "2026-11-25"),
    ("notes of today", "2026-11-26", "2026-11-27"),
    ("last week's plan", "2026-11-16", "2026-11-23"),
    ("this month", "2026-11-01", "2026-12-01"),
    ("last year", "2025-01-01", "2026-01-01"),
    ("what we said on Monday", "2026-11-23", "2026-11-24"),
    ("what we said last Thursday", "2026-11-19", "2026-11-20"),
    ("three days ago", "2026-11-23", "2026-11-24"),
    ("since last Monday", "2026-11-23", "2026-11-26T15:30:00Z"),
    ("in the past 2 days", "2026-11-24T15:30:00Z", "2026-11-26T15:30:00Z"),
    ("before 2023", "1970-01-01", "2023-01-01"),
    ("after May 2026", "2026-06-01", "2026-11-26T15:30:00Z"),
    ("a week ago", "2026-11-16T03:30:00Z", "2026-11-23T03:30:00Z"),
  ])
  func `what names a time is read`(text: String, start: String, end: String) throws {
    let found = TimeExpression.all(in: text, at: now)
    #expect(found.count == 1)
    let first = try #require(found.first)
    #expect(first.start == Timestamp(start) && first.end == Timestamp(end))
  }

  @Test(arguments: [
    "You may march on", "port 8080 and year 3000", "It has 2023 rows", "Section 8 may apply",
    "may 5 people join", "we march 20 km", "a limit of 2000 tokens",
    "error 404-12", "",
    "2023-13-40", "last but not least", "the second of them", "in a day",
  ])
  func `what names none is not`(text: String) {
    #expect(TimeExpression.all(in: text, at: now).isEmpty)
  }

  @Test func `several times are found in their order, and nearness falls with distance`() {
    let found = TimeExpression.all(in: "between May 2023 and June 2023, or yesterday", at: now)
    #expect(found.map(\.start) == ["2023-05-01", "2023-06-01", "2026-11-25"].map { Timestamp($0) })
    let may = found[0]
    #expect(may.nearness(of: Timestamp(stored: "2023-05-31T23:59:59.999Z")) == 1)
    let days = ["2023-06-01", "2023-06-08", "2023-08-01", "2024-01-01"]
    let values = days.map { may.nearness(of: Timestamp(stored: $0)) }
    #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 } && values[3] > 0)
    #expect(may.nearness(of: Timestamp(stored: "2023-07-02")) == 0.5)
    #expect(may.nearness(of: Timestamp(stored: "2023-03-31")) == 0.5)
  }
}

extension Timestamp {
  /// A time that is surely one.
  fileprivate init(stored text: String) {
    self = Timestamp(text) ?? Timestamp(milliseconds: 0)
  }
}
