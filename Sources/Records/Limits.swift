/// Every limit of what callers may send, in one place.
package enum Limits {
  /// Characters of a `user_id`.
  package static let userIDLength = 128
  /// Characters of a session's name.
  package static let nameLength = 200
  /// Characters of a memory.
  package static let contentLength = 100_000
  /// Characters of a query or a question.
  package static let queryLength = 4_000
  /// Characters of a memory's type.
  package static let memoryTypeLength = 64
  /// Bytes of metadata as JSON.
  package static let metadataBytes = 16_384
  /// Levels of objects and arrays in metadata, the outermost included.
  package static let metadataDepth = 4
  /// Levels of a filter, a comparison alone being one.
  package static let filterDepth = 8
  /// Comparisons of a filter.
  package static let filterComparisons = 64
  /// Values of an `in` in a filter.
  package static let filterListLength = 1...100
  /// Characters of each string in a filter.
  package static let filterTextLength = 1_000
  /// What `limit` may be, and what it is when absent.
  package static let pageSize = 1...100
  package static let defaultPageSize = 20
  package static let defaultSearchCount = 5
  /// How many ids one call may name.
  package static let idsPerCall = 1...20
  /// What a counter may stand at when it is imported.
  package static let largestCount = 1 << 40
  /// How many memories one call may add.
  package static let itemsPerCall = 1...1000
  /// How many texts facts are extracted from in one call, and how many characters they have together.
  package static let textsPerInference = 1...50
  package static let inferenceLength = 60_000
  /// How many memories beside them are shown to the model.
  package static let relatedMemories = 30
  /// How many decisions a model may make about one session's texts.
  package static let decisionsPerReply = 50
  /// Characters of a fact that a model writes, and of a memory that it may change.
  package static let factLength = 2_000
  /// Characters of its reasons.
  package static let reasonLength = 500
  /// Characters of an answer that a model writes, and how many quotes it may give.
  package static let answerLength = 8_000
  package static let quotesPerAnswer = 20
  /// How many memories of a question's context, and how many when absent.
  package static let contextItems = 1...50
  package static let defaultContextItems = 8
  /// Tokens of a context, and how many when absent.
  package static let contextTokens = 200...8_000
  package static let defaultContextTokens = 1_000
  /// Characters of content in a hit or a list; `get_memory` gives the whole.
  package static let excerptLength = 1_200
}

extension String {
  /// The text without white space and line ends around it.
  package var trimmed: String {
    if let first = utf8.first, let last = utf8.last, Self.isSign(first), Self.isSign(last) {
      return self
    }
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }

  /// Whether a byte is a character of ASCII that shows, so that nothing is to be removed beside it.
  private static func isSign(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
}
