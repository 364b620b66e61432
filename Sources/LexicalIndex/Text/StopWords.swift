/// The English function words that say how a sentence is built, not what it is about.
///
/// They are in most texts, so they hardly tell one from another; leaving them out makes rows
/// shorter and keeps a question's grammar (`what did she …`) from counting as its subject. `may`
/// is not among them: in a memory it is more often the month than the verb.
enum StopWords {
  /// Whether a lower-case word is one of them.
  static func contains(_ word: String) -> Bool {
    all.contains(word)
  }

  private static let all = Set(
    [articles, pronouns, questions, verbs, conjunctions, prepositions, adverbs].joined())

  private static let articles = ["a", "an", "the", "this", "that", "these", "those"]

  private static let pronouns = [
    "i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves", "you", "your",
    "yours", "yourself", "yourselves", "he", "him", "his", "himself", "she", "her", "hers",
    "herself", "it", "its", "itself", "they", "them", "their", "theirs", "themselves",
  ]

  private static let questions = [
    "who", "whom", "whose", "which", "what", "when", "where", "why", "how",
  ]

  private static let verbs = [
    "am", "is", "are", "was", "were", "be", "been", "being", "do", "does", "did", "doing", "have",
    "has", "had", "having", "can", "cannot", "could", "shall", "should", "will", "would", "must",
    "might", "ought",
  ]

  private static let conjunctions = [
    "and", "or", "but", "nor", "if", "then", "else", "than", "so", "as", "because", "while",
    "until", "although", "though", "whether",
  ]

  private static let prepositions = [
    "of", "at", "by", "for", "with", "about", "against", "between", "into", "through", "during",
    "before", "after", "above", "below", "to", "from", "in", "on", "off", "out", "over", "under",
    "up", "down", "upon",
  ]

  private static let adverbs = [
    "again", "further", "once", "here", "there", "all", "any", "both", "each", "more", "most",
    "other", "some", "such", "no", "not", "only", "own", "same", "too", "very", "just", "also",
  ]
}
