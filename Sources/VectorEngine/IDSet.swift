/// A set of row ids as a bitmap, for filters: pages of 65,536 bits for the parts that are used.
///
/// It is not a `Set`, because membership is asked once for each row of a scan and must not hash
/// anything but the page.
public struct IDSet: Sendable, ExpressibleByArrayLiteral {
  private var pages: [UInt64: [UInt64]] = [:]
  /// How many ids are in the set.
  public private(set) var count = 0

  /// The set of these ids.
  public init(_ ids: some Sequence<UInt64>) {
    for id in ids { insert(id) }
  }

  /// The set of these ids.
  public init(arrayLiteral elements: UInt64...) {
    self.init(elements)
  }

  /// Adds an id; adding it again changes nothing.
  ///
  /// - Complexity: O(1), and one allocation of 8 KiB for the first id of a page.
  public mutating func insert(_ id: UInt64) {
    let (page, word, bit) = Self.place(of: id)
    let isNew = pages[page, default: [UInt64](repeating: 0, count: 1024)][word] & bit == 0
    if isNew {
      pages[page, default: [UInt64](repeating: 0, count: 1024)][word] |= bit
      count += 1
    }
  }

  /// Whether the id is in the set.
  ///
  /// - Complexity: O(1).
  public func contains(_ id: UInt64) -> Bool {
    let (page, word, bit) = Self.place(of: id)
    guard let words = pages[page] else { return false }
    return words[word] & bit != 0
  }

  /// Asks many ids, and looks up a page only when it is not the one before.
  struct Reader {
    private let set: IDSet
    private var page: UInt64?
    private var words: [UInt64]?

    init(_ set: IDSet) { self.set = set }

    mutating func contains(_ id: UInt64) -> Bool {
      let (page, word, bit) = IDSet.place(of: id)
      if page != self.page {
        self.page = page
        words = set.pages[page]
      }
      guard let words else { return false }
      return words[word] & bit != 0
    }
  }

  private static func place(of id: UInt64) -> (page: UInt64, word: Int, bit: UInt64) {
    (id >> 16, Int(id >> 6 & 1023), 1 << (id & 63))
  }
}
