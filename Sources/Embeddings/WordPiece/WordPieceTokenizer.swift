/// Texts to the identifiers of an uncased BERT model's vocabulary.
///
/// Words are what ``BERTFolding`` leaves between spaces; each is cut greedily into the longest
/// pieces that the vocabulary has (Wu and others 2016, as BERT uses it), and is one unknown piece
/// when some part of it has none or when it is longer than a hundred scalars. The names of the
/// model's marks, such as `[SEP]`, are recognised in texts as in every other implementation of this
/// model: equal texts get equal vectors.
struct WordPieceTokenizer: Sendable {
  /// The tokens of one text.
  struct Tokens: Equatable, Sendable {
    /// What the model sees: the mark of the start, the first pieces, the mark of the end.
    var identifiers: [Int32]
    /// The tokens of the whole text, both marks included.
    var wholeCount: Int
    /// How many Characters the pieces in `identifiers` cover; all of them when nothing was cut.
    var coveredCharacters: Int
  }

  /// A mark of the model that texts can name.
  struct Mark: Equatable, Sendable {
    let name: [UInt8]
    let identifier: Int32
  }

  let vocabulary: Vocabulary
  let start: Int32
  let end: Int32
  let unknown: Int32
  let marks: [Mark]

  /// - Returns: `nil` when the vocabulary lacks `[CLS]`, `[SEP]` or `[UNK]`.
  init?(_ vocabulary: Vocabulary) {
    guard let start = vocabulary["[CLS]"], let end = vocabulary["[SEP]"],
      let unknown = vocabulary["[UNK]"]
    else { return nil }
    self.vocabulary = vocabulary
    self.start = start
    self.end = end
    self.unknown = unknown
    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { name in
      vocabulary[name].map { Mark(name: Array(name.utf8), identifier: $0) }
    }
  }

  /// The tokens of the text, cut to `maximum` identifiers with both marks.
  ///
  /// - Complexity: O(length of the text); what lies beyond the cut is only counted.
  func tokens(of text: String, maximum: Int) -> Tokens {
    precondition(maximum >= 2, "the marks of start and end have room")
    var pass = WordPiecePass(self, maximum: maximum - 2)
    pass.read(text)
    let covered =
      pass.count > pass.identifiers.count
      ? text[..<text.utf8.index(text.startIndex, offsetBy: pass.coveredBytes)].count
      : text.count
    return Tokens(
      identifiers: [start] + pass.identifiers + [end], wholeCount: pass.count + 2,
      coveredCharacters: covered)
  }

  /// Where the words of the text begin, and how many tokens each has; at most a hundred.
  ///
  /// - Complexity: O(length of the text).
  func words(of text: String) -> [PassageCutter.Word] {
    var pass = WordPiecePass(self, maximum: 0)
    pass.read(text)
    return pass.words
  }
}
