import Synchronization

/// The terms of a collection and the numbers that stand for them in its rows.
///
/// It only grows: a term keeps its number when its last row is gone, so snapshots share the table
/// and need no copy. A number says when a term was first seen, nothing more.
final class TermTable: Sendable {
  private struct State {
    var numbers: [String: UInt32] = [:]
    /// By number.
    var terms: [String] = []
    var languages: Languages = []
  }

  private let state = Mutex(State())

  /// The counted terms of one row; terms that are new get a number.
  func terms(of row: LexicalRow) -> RowTerms {
    let numbered = state.withLock { state in
      row.terms.map { term in
        if let number = state.numbers[term] { return number }
        let number = UInt32(state.terms.count)
        state.numbers[term] = number
        state.terms.append(term)
        state.languages.insert(Languages(.ofTerm(term.utf8.first)))
        return number
      }
    }
    return RowTerms(numbers: numbered, questionShare: row.questionShare)
  }

  /// The number of each term, in the order of the terms; nil where no row ever held the term.
  func numbers(of terms: [String]) -> [UInt32?] {
    state.withLock { state in terms.map { state.numbers[$0] } }
  }

  /// The languages that terms are of.
  var languages: Languages { state.withLock(\.languages) }

  /// All terms, each at the place that is its number.
  var terms: [String] { state.withLock(\.terms) }
}

/// The terms of one row: ascending numbers, each with its frequency.
struct RowTerms: Sendable {
  private(set) var numbers: [UInt32] = []
  private(set) var frequencies: [UInt32] = []
  /// Which share of the row asks, in 255ths.
  let questions: UInt8

  /// How many terms the row has, repetitions included.
  var length: Int { frequencies.reduce(0) { $0 + Int($1) } }

  /// Counts numbers given in any order, with repetitions.
  init(numbers repeated: [UInt32], questionShare: Double) {
    questions = UInt8((255 * min(1, max(0, questionShare))).rounded())
    for number in repeated.sorted() {
      if number == numbers.last {
        frequencies[frequencies.count - 1] += 1
      } else {
        numbers.append(number)
        frequencies.append(1)
      }
    }
  }

  /// Takes ascending numbers with their frequencies.
  init(numbers: ArraySlice<UInt32>, frequencies: ArraySlice<UInt32>, questions: UInt8) {
    self.numbers = Array(numbers)
    self.frequencies = Array(frequencies)
    self.questions = questions
  }
}
