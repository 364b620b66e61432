internal import Foundation

/// How well an answer agrees with the one that is expected.
///
/// Both are lower-cased and split into words of letters and digits; `a`, `an` and `the` count nothing
/// (as in P. Rajpurkar and others, "SQuAD", 2016).
package struct AnswerScore: Hashable, Sendable {
  /// Twice the words in common over the words of both, each as often as it stands: 0…1.
  package let f1: Double
  /// 1 when the answer holds every word of the expected one, else 0.
  package let containment: Double

  /// - Parameter expected: with at least one word; an answer to anything else scores 0.
  package init(_ answer: String, expected: String) {
    let given = Self.words(answer)
    let wanted = Self.words(expected)
    guard !wanted.isEmpty else {
      (f1, containment) = (0, 0)
      return
    }
    var left: [Substring: Int] = [:]
    for word in given { left[word, default: 0] += 1 }
    containment = wanted.allSatisfy { left[$0] != nil } ? 1 : 0
    var common = 0
    for word in wanted where left[word, default: 0] > 0 {
      left[word, default: 0] -= 1
      common += 1
    }
    f1 = 2 * Double(common) / Double(given.count + wanted.count)
  }

  private static func words(_ text: String) -> [Substring] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }
      .filter { !["a", "an", "the"].contains($0) }
  }
}
