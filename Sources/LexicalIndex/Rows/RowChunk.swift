/// Up to `capacity` rows of one session, one after another; full chunks only change their marks.
///
/// ```
/// heads        row 0 (id, length, end 3)   row 1 (id, length, end 5) …
/// numbers      2  7  9                     2  4                      …   ascending in a row
/// frequencies  1  3  1                     2  1                      …
/// questions    row 0                       row 1                     …   255ths
/// dead         one bit a row
/// ```
///
/// It is the unit that a write after a snapshot copies.
struct RowChunk: Sendable {
  struct Head: Sendable {
    let id: UInt64
    /// The number of the row's terms with repetitions.
    let length: UInt32
    /// Where the row's terms end in `numbers`; they begin where those of the row before end.
    let end: UInt32
  }

  static let capacity = 256

  /// Ascends in a session's list of chunks; chunks that are gone leave gaps.
  let serial: UInt32
  private(set) var heads: [Head] = []
  private(set) var numbers: [UInt32] = []
  private(set) var frequencies: [UInt32] = []
  private(set) var questions: [UInt8] = []
  private(set) var deadCount = 0
  private var dead = SIMD4<UInt64>.zero

  init(serial: UInt32) {
    self.serial = serial
  }

  var isFull: Bool { heads.count == Self.capacity }
  /// Whether a scan would skip more rows than it reads.
  var isMostlyDead: Bool { deadCount * 2 > heads.count }

  func isDead(_ row: Int) -> Bool {
    dead[row >> 6] & (1 << UInt64(row & 63)) != 0
  }

  /// Appends a row and returns its place. There must be room for it.
  mutating func append(_ terms: RowTerms, id: UInt64) -> Int {
    precondition(!isFull, "a full chunk takes no more rows")
    numbers.append(contentsOf: terms.numbers)
    frequencies.append(contentsOf: terms.frequencies)
    questions.append(terms.questions)
    heads.append(
      Head(id: id, length: UInt32(terms.length), end: UInt32(numbers.count)))
    return heads.count - 1
  }

  /// Marks a living row as dead.
  mutating func kill(_ row: Int) {
    precondition(!isDead(row), "a row dies once")
    dead[row >> 6] |= 1 << UInt64(row & 63)
    deadCount += 1
  }

  /// The terms of a row.
  func terms(of row: Int) -> RowTerms {
    let start = row == 0 ? 0 : Int(heads[row - 1].end)
    let range = start..<Int(heads[row].end)
    return RowTerms(
      numbers: numbers[range], frequencies: frequencies[range], questions: questions[row])
  }
}
