internal import Embeddings
internal import Foundation
internal import Records
internal import Retrieval

/// Answers a question with sentences of what was remembered, quoted as they are, or not at all.
///
/// It needs no network and makes nothing up: an answer is a list of quotes. Whether there is one is
/// decided sentence by sentence, from how near the sentence is to the question in meaning and how
/// many of the question's words it has.
struct ExtractiveAnswer {
  /// A sentence of a memory that bears on the question.
  struct Quote {
    let hit: Hit
    let sentence: String
    let score: Double
  }

  /// A sentence answers when `semantic + wordWeight × coverage` reaches this.
  ///
  /// Calibrated on the sample questions (see `data/README.md`).
  private static let threshold = 0.62
  private static let wordWeight = 0.5
  /// Without a model: the share of the question's words that a sentence must have.
  private static let wordsAlone = 0.6
  /// Further sentences are added while they score at least this share of the best.
  private static let shareOfBest = 0.85
  private static let mostQuotes = 3

  /// The sentences that answer, best first; empty when none does.
  static func quotes(
    _ question: String, vector: [Float]?, hits: [Hit], embedder: (any Embedder)?
  ) throws -> [Quote] {
    let wanted = Set(QuestionWords.of(question))
    let pieces = hits.flatMap { hit in
      Sentences.of(hit.memory.content).map { (hit, String($0)) }
    }.filter { !isQuestion($0.1) }
    let vectors: [Embedding]? =
      if let embedder, vector != nil, !pieces.isEmpty {
        try embedder.embed(pieces.map(\.1))
      } else { nil }
    var quotes: [Quote] = []
    for (position, (hit, sentence)) in pieces.enumerated() {
      let found = Set(QuestionWords.of(sentence)).intersection(wanted).count
      let coverage = wanted.isEmpty ? 0 : Double(found) / Double(wanted.count)
      let score: Double
      if let vectors, let vector {
        let semantic = zip(vectors[position].vector, vector).reduce(0) { $0 + $1.0 * $1.1 }
        score = (Double(semantic) + wordWeight * coverage) / threshold
      } else {
        score = coverage / wordsAlone
      }
      if score >= 1 { quotes.append(Quote(hit: hit, sentence: sentence, score: score)) }
    }
    return best(quotes)
  }

  private static func best(_ quotes: [Quote]) -> [Quote] {
    let ordered = quotes.enumerated().sorted {
      $0.element.score != $1.element.score
        ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }.map(\.element)
    guard let first = ordered.first else { return [] }
    var seen: Set<String> = []
    return Array(
      ordered.filter {
        $0.score >= shareOfBest * first.score && seen.insert($0.sentence).inserted
      }.prefix(mostQuotes))
  }

  /// Somebody asking the same thing is no answer.
  private static func isQuestion(_ sentence: String) -> Bool {
    sentence.hasSuffix("?") || sentence.hasSuffix("？")
  }
}

/// The words of a question that an answer would share: no function words, no question words, endings
/// cut so that "keep" meets "keeps".
enum QuestionWords {
  static func of(_ text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }
      .map(String.init).filter { !functionWords.contains($0) }.map(stem)
  }

  /// Cuts the commonest English endings. The ranking of memories has a real stemmer; this is only the
  /// yardstick of whether a sentence is about the question.
  private static func stem(_ word: String) -> String {
    for ending in ["ing", "ed", "es", "s"] where word.count > ending.count + 2 {
      if word.hasSuffix(ending) { return String(word.dropLast(ending.count)) }
    }
    return word
  }

  private static let functionWords: Set<String> = [
    "a", "an", "the", "and", "or", "but", "if", "of", "at", "by", "for", "with", "about", "to",
    "from", "in", "on", "off", "out", "over", "under", "is", "am", "are", "was", "were", "be",
    "been", "being", "do", "does", "did", "have", "has", "had", "having", "will", "would", "can",
    "could", "shall", "should", "may", "might", "must", "i", "me", "my", "mine", "we", "us", "our",
    "you", "your", "he", "him", "his", "she", "her", "hers", "it", "its", "they", "them", "their",
    "this", "that", "these", "those", "there", "here", "who", "whom", "whose", "what", "which",
    "when", "where", "why", "how", "not", "no", "so", "than", "then", "too", "very", "just", "s",
    "t", "as", "any", "some", "all", "much", "many", "again", "ever", "s",
  ]
}
