/// One pass of a tokenizer over one text: the word that is being read and what was found so far.
struct WordPiecePass {
  private static let longestWord = 100

  /// The pieces found, at most the maximum.
  private(set) var identifiers: [Int32] = []
  /// How many pieces were found, those beyond the maximum too.
  private(set) var count = 0
  /// Where in the text, in bytes, the last piece in `identifiers` ends.
  private(set) var coveredBytes = 0
  /// The words that were read.
  private(set) var words: [PassageCutter.Word] = []

  private let tokenizer: WordPieceTokenizer
  private let maximum: Int
  private var folding = BERTFolding()
  /// The word so far, folded, and for each of its bytes where its scalar ends in the text.
  private var word: [UInt8] = []
  private var ends: [Int] = []
  private var wordLength = 0
  /// Where in the text, in bytes, the word begins, and the scalar that is being read.
  private var wordStart = 0
  private var scalarStart = 0
  /// The end in the text of the last scalar of a word, also when it is too long to be kept.
  private var wordEnd = 0
  private var pieces: [(identifier: Int32, end: Int)] = []
  private var hashes: [UInt64] = []

  init(_ tokenizer: WordPieceTokenizer, maximum: Int) {
    self.tokenizer = tokenizer
    self.maximum = maximum
  }

  /// Reads the whole text.
  mutating func read(_ text: String) {
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    var offset = 0
    while index < scalars.endIndex {
      let scalar = scalars[index]
      if scalar == "[", let mark = mark(at: index, in: text) {
        finishWord()
        words.append(.init(start: offset, tokens: 1))
        offset += mark.name.count
        append(mark.identifier, end: offset)
        index = text.utf8.index(index, offsetBy: mark.name.count)
        continue
      }
      scalarStart = offset
      offset += UTF8.width(scalar)
      for part in folding(scalar) { read(part, end: offset) }
      scalars.formIndex(after: &index)
    }
    finishWord()
  }

  private func mark(at index: String.Index, in text: String) -> WordPieceTokenizer.Mark? {
    let rest = text.utf8[index...]
    return tokenizer.marks.first { rest.starts(with: $0.name) }
  }

  private mutating func read(_ part: BERTFolding.Part, end: Int) {
    switch part {
    case .space:
      finishWord()
    case .alone(let bytes):
      finishWord()
      extend(by: bytes, end: end)
      finishWord()
    case .letter(let bytes):
      extend(by: bytes, end: end)
    }
  }

  private mutating func extend(by bytes: [UInt8], end: Int) {
    if wordLength == 0 { wordStart = scalarStart }
    wordLength += 1
    wordEnd = end
    // A word that is too long has one piece whatever it says: the rest of it is not kept.
    guard wordLength <= Self.longestWord else { return }
    word += bytes
    for _ in bytes { ends.append(end) }
  }

  private mutating func finishWord() {
    guard wordLength > 0 else { return }
    let before = count
    if wordLength <= Self.longestWord, split() {
      for piece in pieces { append(piece.identifier, end: ends[piece.end - 1]) }
    } else {
      append(tokenizer.unknown, end: wordEnd)
    }
    words.append(.init(start: wordStart, tokens: count - before))
    word.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    wordLength = 0
  }

  /// Cuts the word into pieces; `false` when some part of it has none.
  private mutating func split() -> Bool {
    pieces.removeAll(keepingCapacity: true)
    var start = 0
    while start < word.count {
      let position = start == 0 ? Vocabulary.Position.start : .continuation
      guard
        let match = tokenizer.vocabulary.longestMatch(
          in: word, from: start, position, hashes: &hashes)
      else { return false }
      pieces.append(match)
      start = match.end
    }
    return true
  }

  private mutating func append(_ identifier: Int32, end: Int) {
    count += 1
    guard identifiers.count < maximum else { return }
    identifiers.append(identifier)
    coveredBytes = end
  }
}
