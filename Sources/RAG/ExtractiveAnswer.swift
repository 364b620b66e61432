internal import Records

/// Answers a question with passages of what was remembered, quoted as they are, or not at all.
///
/// It needs no network and makes nothing up: an answer is a list of quotes. A passage is scored by how
/// near it is to the question in meaning, and by which share of the question's words it holds, rare
/// words weighing more; when no passage reaches the threshold, the question is not answered.
enum ExtractiveAnswer {
  /// A passage of a memory that may bear on the question.
  struct Passage {
    let hit: Hit
    let text: String
    /// The cosine to the question; nil without a model.
    var semantic: Double?
    /// The share of the question's words.
    var coverage = 0.0

    /// 1 where answers begin.
    ///
    /// Weight and threshold were chosen on the questions of LoCoMo by searching the right
    /// conversation and a wrong one: they keep 98% of the former and turn down 91% of the latter.
    var score: Double {
      if let semantic { (semantic + 0.5 * coverage) / 0.55 } else { coverage / 0.6 }
    }
  }

  /// Longer memories are quoted in part.
  private static let longestQuote = 400
  /// Further passages are added while they score at least this share of the best.
  private static let shareOfBest = 0.85
  private static let mostQuotes = 3
  /// How many passages are compared with the question by meaning, those with most of its words first:
  /// a few very long memories must not hold up an answer.
  private static let mostPassages = 64

  /// The passages of the hits: short memories whole, long ones a few sentences at a time. What only
  /// asks is no answer and left out.
  static func passages(of hits: [Hit], hasVectors: Bool) -> [Passage] {
    hits.flatMap { hit in
      let pieces = pieces(of: hit.memory.content)
      return pieces.map { piece in
        // The vector that was compared is that of the only piece when it stands for all of the memory.
        let whole = TextSpan(start: 0, end: hit.memory.content.unicodeScalars.count)
        let isWhole = pieces.count == 1 && hit.span == whole
        return Passage(
          hit: hit, text: piece, semantic: hasVectors && isWhole ? hit.similarity : nil)
      }
    }
  }

  /// The passages worth comparing by meaning, in their order.
  static func promising(_ passages: [Passage]) -> [Passage] {
    guard passages.count > mostPassages else { return passages }
    let order = passages.indices.sorted {
      passages[$0].coverage != passages[$1].coverage
        ? passages[$0].coverage > passages[$1].coverage : $0 < $1
    }
    return order.prefix(mostPassages).sorted().map { passages[$0] }
  }

  /// The passages that answer, best first; empty when none does.
  static func best(_ passages: [Passage]) -> [Passage] {
    let ordered = passages.enumerated().sorted {
      $0.element.score != $1.element.score
        ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }.map(\.element)
    guard let first = ordered.first, first.score >= 1 else { return [] }
    let least = max(1, shareOfBest * first.score)
    var seen: Set<String> = []
    return Array(
      ordered.filter { $0.score >= least && seen.insert($0.text).inserted }.prefix(mostQuotes))
  }

  private static func pieces(of content: String) -> [String] {
    let sentences = Sentences.of(content)
    guard !sentences.allSatisfy(isQuestion) else { return [] }
    guard content.count > longestQuote else { return [content.trimmed] }
    var pieces: [String] = []
    var start: String.Index?
    var end = content.startIndex
    for part in sentences.flatMap(windows) {
      if let first = start, content.distance(from: first, to: part.endIndex) > longestQuote {
        pieces.append(String(content[first..<end]))
        start = nil
      }
      if start == nil { start = part.startIndex }
      end = part.endIndex
    }
    if let start { pieces.append(String(content[start..<end])) }
    return pieces
  }

  /// What has no sentence ends, such as a log line, is cut at white space, or anywhere.
  private static func windows(_ sentence: Substring) -> [Substring] {
    var windows: [Substring] = []
    var rest = sentence
    while let limit = rest.index(
      rest.startIndex, offsetBy: longestQuote, limitedBy: rest.endIndex), limit < rest.endIndex
    {
      let blank = rest[..<limit].lastIndex(where: \.isWhitespace)
      let cut = blank.map { $0 > rest.startIndex ? $0 : limit } ?? limit
      windows.append(rest[..<cut])
      rest = rest[cut...].drop(while: \.isWhitespace)
    }
    if !rest.isEmpty { windows.append(rest) }
    return windows
  }

  private static func isQuestion(_ sentence: Substring) -> Bool {
    sentence.hasSuffix("?") || sentence.hasSuffix("？")
  }
}
