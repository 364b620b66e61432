import RAG
import Records
import Testing

@Suite struct SaidDateTests {
  /// A Wednesday.
  private let said = Timestamp("2023-05-10T14:00:00Z")

  @Test(arguments: [
    ("I went to the group yesterday.", "9 May 2023"), ("We met last night at nine", "9 May 2023"),
    ("I saw her on 3 May 2022.", "3 May 2022"), ("We moved in June 2021", "June 2021"),
    ("He was born in 1987", "1987"), ("I painted it last year", "2022"),
    ("We were there last month", "April 2023"),
    ("The race was last week", "the week before 10 May 2023"),
    ("I signed up last Friday", "5 May 2023"),
    ("We camped last weekend", "the weekend before 10 May 2023"),
    ("I will call tomorrow", "11 May 2023"), ("My exam is the day after tomorrow", "12 May 2023"),
    ("The trip is next month", "June 2023"), ("I moved here three years ago", "2020"),
  ])
  func `what was said tells when it was`(sentence: String, date: String) throws {
    #expect(SaidDate.phrase(in: sentence, said: try #require(said)) == date)
  }

  @Test(arguments: [
    "The wedding is on June 3", "We are going to marry in December", "We leave on Friday",
    "I like tea", "Port 8080 is open", "She may march on", "",
  ])
  func `what may as well be another day is none`(sentence: String) throws {
    #expect(SaidDate.phrase(in: sentence, said: try #require(said)) == nil)
  }

  @Test func `a question for a time is told from others`() {
    for question in ["When did Ana move?", "What year did it rain", "On which day was it?"] {
      #expect(SaidDate.isAsked(by: question))
    }
    for question in [
      "What did she do when it rained?", "Where is it?", "Whenever", "In short?", "",
    ] {
      #expect(!SaidDate.isAsked(by: question))
    }
  }
}
