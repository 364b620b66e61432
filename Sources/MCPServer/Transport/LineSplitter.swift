/// Cuts a stream of bytes into lines at 0x0A, and only there.
///
/// - Complexity: linear in the bytes, however they are cut into pieces.
struct LineSplitter {
  /// A line without its end.
  enum Line: Hashable {
    case complete([UInt8])
    /// Its bytes were dropped, so that a stream without line ends cannot fill the memory.
    case tooLong
  }

  private let limit: Int
  private var partial: [UInt8] = []
  private var isOverlong = false

  /// - Parameter limit: the most bytes a line may have.
  init(limit: Int) { self.limit = limit }

  /// The lines that these bytes complete; blank ones are left out.
  mutating func take(_ bytes: ArraySlice<UInt8>) -> [Line] {
    var lines: [Line] = []
    var rest = bytes
    while let end = rest.firstIndex(of: 0x0A) {
      append(rest[..<end])
      rest = rest[(end + 1)...]
      if let line = finish() { lines.append(line) }
    }
    append(rest)
    return lines
  }

  /// The line that the stream's end completes, if there is one.
  mutating func finish() -> Line? {
    defer {
      partial = []
      isOverlong = false
    }
    if isOverlong { return .tooLong }
    if partial.last == 0x0D { partial.removeLast() }
    let isBlank = partial.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
    return isBlank ? nil : .complete(partial)
  }

  private mutating func append(_ bytes: ArraySlice<UInt8>) {
    guard !isOverlong else { return }
    if partial.count + bytes.count > limit {
      isOverlong = true
      partial = []
    } else {
      partial += bytes
    }
  }
}
