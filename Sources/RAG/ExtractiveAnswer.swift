internal import Records
internal import Retrieval

/// Answers a question with passages of what was remembered, quoted as they are, or not at all.
///
/// It needs no network and makes nothing up: an answer is a list of quotes. A passage is scored by how
/// near it is to the question in meaning, and by which share of the question's words it holds, rare
/// words weighing more; when no passage reaches the threshold, the question is not answered. What is
/// quoted follows the relevance of the memories, which knows what was said around them. A question for a
/// time is answered with a date, told from what was said and when.
enum ExtractiveAnswer {
  /// A piece of a memory's content, to the letter.
  struct Quote {
    let hit: Hit
    let text: String
  }

  /// An answer, and what it rests on.
  struct Reply {
    let text: String
    let quotes: [Quote]
  }

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
  /// Further memories are quoted while they are at least this share as relevant as the best. Chosen on
  /// LoCoMo, where more holds more of the expected answers among more other words.
  private static let shareOfBest = 0.9
  /// The same for a question for a time, of which one memory is quoted.
  private static let shareOfBestForTimes = 0.8
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

  /// The answer of the passages; nil when none answers.
  ///
  /// - Parameter isLikely: whether an answer is likely to be among them; nil when that has to be told
  ///   from the passages.
  static func reply(to question: String, _ passages: [Passage], isLikely: Bool?) -> Reply? {
    guard isLikely ?? true else { return nil }
    let ordered = bestOfEach(isLikely == nil ? passages.filter { $0.score >= 1 } : passages)
    guard let first = ordered.first else { return nil }
    func near(_ share: Double) -> [Passage] {
      ordered.filter { $0.hit.relevance >= share * first.hit.relevance }
    }
    if SaidDate.isAsked(by: question) { return dated(near(shareOfBestForTimes), question) }
    var seen: Set<String> = []
    let quotes = near(shareOfBest).filter { seen.insert($0.text).inserted }.prefix(mostQuotes)
      .flatMap { passage in statements(passage.text).map { Quote(hit: passage.hit, text: $0) } }
    return Reply(text: quotes.map(\.text).joined(separator: "\n"), quotes: quotes)
  }

  /// The best passage of each memory, the most relevant memory first.
  private static func bestOfEach(_ passages: [Passage]) -> [Passage] {
    var best: [Passage] = []
    for passage in passages {
      let known = best.firstIndex { $0.hit.memory.id == passage.hit.memory.id }
      guard let known else {
        best.append(passage)
        continue
      }
      if passage.score > best[known].score { best[known] = passage }
    }
    return best.enumerated().sorted {
      $0.element.hit.relevance != $1.element.hit.relevance
        ? $0.element.hit.relevance > $1.element.hit.relevance : $0.offset < $1.offset
    }.map(\.element)
  }

  /// The first sentence that names a time, with its date; else what answers best, and when it was said.
  private static func dated(_ passages: [Passage], _ question: String) -> Reply? {
    let asked = stems(of: question)
    for passage in passages {
      let said = passage.hit.memory.time
      for statement in statements(passage.text) {
        for sentence in Sentences.of(statement) {
          // Of several things that are told the one that was asked for.
          guard !stems(of: String(sentence)).isDisjoint(with: asked),
            let date = SaidDate.phrase(in: String(sentence), said: said)
          else { continue }
          return Reply(
            text: "\(date): \(sentence)",
            quotes: [Quote(hit: passage.hit, text: String(sentence))])
        }
      }
    }
    guard let first = passages.first else { return nil }
    let quotes = statements(first.text).map { Quote(hit: first.hit, text: $0) }
    let date = SaidDate.day(of: first.hit.memory.time)
    return Reply(
      text: "Said on \(date): " + quotes.map(\.text).joined(separator: "\n"), quotes: quotes)
  }

  /// The beginnings of longer words, which most of their forms share.
  private static func stems(of text: String) -> Set<Substring> {
    Set(
      text.lowercased().split { !$0.isLetter && !$0.isNumber }.filter { $0.count > 2 }
        .map { $0.prefix(4) }
    ).subtracting(["when", "what", "that", "this", "with", "have", "does", "did", "was", "the"])
  }

  /// A text without the date in brackets that stands before it.
  private static func withoutDate(_ text: String) -> String {
    guard text.first == "[", let end = text.firstIndex(of: "]"),
      let start = text[end...].dropFirst().firstIndex(where: { !$0.isWhitespace }),
      text.index(after: end) < start,
      !TimeExpression.all(in: String(text[..<end]), at: .now()).isEmpty
    else { return text }
    return String(text[start...])
  }

  /// The stretches of a passage that state something: without a date in brackets before it, and without
  /// questions. All of it where nothing else is left.
  private static func statements(_ text: String) -> [String] {
    var stretches: [Substring] = []
    var isOpen = false
    for sentence in Sentences.of(withoutDate(text)) {
      guard !isQuestion(sentence) else {
        isOpen = false
        continue
      }
      if isOpen, let last = stretches.popLast() {
        stretches.append(sentence.base[last.startIndex..<sentence.endIndex])
      } else {
        stretches.append(sentence)
      }
      isOpen = true
    }
    return stretches.isEmpty ? [text] : stretches.map(String.init)
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
