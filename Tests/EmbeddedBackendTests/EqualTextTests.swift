import Foundation
import Retrieval
import TestSupport
import Testing

@Suite struct EqualTextTests {
  @Test func `the short way for ASCII gives what the long way gives`() {
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<5_000 {
      let text = String(
        (0..<Int.random(in: 0..<12, using: &generator)).map { _ -> Character in
          // Half of them white space or near it.
          let code =
            Bool.random(using: &generator)
            ? UInt8.random(in: 8...33, using: &generator)
            : UInt8.random(in: 0...127, using: &generator)
          return Character(Unicode.Scalar(code))
        })
      let expected = text.precomposedStringWithCanonicalMapping
        .split(whereSeparator: \.isWhitespace).joined(separator: " ")
      #expect(EqualText.normalized(text) == expected, "\(Array(text.utf8))")
    }
    #expect(EqualText.normalized(" cafe\u{301}\u{2003}au\r\nlait ") == "café au lait")
  }
}
