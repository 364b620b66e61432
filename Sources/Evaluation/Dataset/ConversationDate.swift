internal import Records

/// The dates of the data sets that are converted, which are no ISO 8601.
enum ConversationDate {
  /// Reads `1:56 pm on 8 May, 2023` and `2023/05/20 (Sat) 02:21`, as UTC; nil for anything else.
  static func timestamp(_ text: String) -> Timestamp? {
    if let match = text.wholeMatch(
      of: /(\d{1,2}):(\d\d) (am|pm) on (\d{1,2}) ([A-Z][a-z]+), (\d{4})/),
      let hour = Int(match.1), (1...12).contains(hour),
      let month = months.firstIndex(of: match.5)
    {
      let hourOfDay = hour % 12 + (match.3 == "pm" ? 12 : 0)
      return Timestamp(
        "\(match.6)-\(twoDigits(month + 1))-\(twoDigits(match.4))T\(twoDigits(hourOfDay)):\(match.2)"
      )
    }
    if let match = text.wholeMatch(of: /(\d{4})\/(\d\d)\/(\d\d) \([A-Za-z]+\) (\d\d:\d\d)/) {
      return Timestamp("\(match.1)-\(match.2)-\(match.3)T\(match.4)")
    }
    return nil
  }

  private static let months: [Substring] = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  private static func twoDigits(_ number: some CustomStringConvertible) -> String {
    let digits = number.description
    return digits.count < 2 ? "0" + digits : digits
  }
}
