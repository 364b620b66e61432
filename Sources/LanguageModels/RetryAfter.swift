internal import Records

/// What the field `Retry-After` of a reply says: seconds, or a date (RFC 9110, 5.6.7).
enum RetryAfter {
  /// Nil for what is neither; a date that has passed is no time at all.
  static func duration(_ text: String, now: Timestamp) -> Duration? {
    if let seconds = Int(text), seconds >= 0 { return .seconds(min(seconds, longest)) }
    guard let date = date(text) else { return nil }
    return .milliseconds(min(max(0, date.milliseconds - now.milliseconds), Int64(longest) * 1000))
  }

  /// A day: more is as good as never.
  private static let longest = 86_400

  /// The one form that servers may send: `Sun, 06 Nov 1994 08:49:37 GMT`.
  private static func date(_ text: String) -> Timestamp? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: words[2]) else {
      return nil
    }
    let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
    return Timestamp("\(words[3])-\(number)-\(words[1])T\(words[4])Z")
  }

  private static let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
