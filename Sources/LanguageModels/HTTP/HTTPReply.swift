/// What came back.
package struct HTTPReply: Hashable, Sendable {
  package let status: Int
  /// Names in lower case; of equal names the last.
  package let fields: [String: String]
  package let body: [UInt8]
}

/// Puts a reply together from the bytes of a connection, as they come (RFC 9112).
struct HTTPReplyReader {
  private enum Part {
    case head
    case body(Int)
    case chunkSize
    case chunk(Int)
    /// The line end behind a chunk.
    case chunkEnd
    case trailer
    case untilEnd
    case complete
  }

  /// More than this is no head, and no line of one.
  private static let headLimit = 64 << 10

  private let bodyLimit: Int
  private var part = Part.head
  private var waiting: [UInt8] = []
  private var first = 0
  private var headBytes = 0
  private var status = 0
  private var fields: [String: String] = [:]
  private var body: [UInt8] = []

  init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

  /// The reply, once it is whole.
  var reply: HTTPReply? {
    if case .complete = part { HTTPReply(status: status, fields: fields, body: body) } else { nil }
  }

  /// Takes what came next.
  mutating func take(_ bytes: [UInt8]) throws(HTTPFault) {
    waiting += bytes
    while try step() {}
    waiting.removeFirst(first)
    first = 0
  }

  /// The connection has ended.
  mutating func end() throws(HTTPFault) {
    guard case .untilEnd = part else { throw .broken }
    part = .complete
  }

  /// - Returns: whether there may be more to do with what is waiting.
  private mutating func step() throws(HTTPFault) -> Bool {
    switch part {
    case .head:
      guard let line = try nextLine() else { return false }
      try readHead(line)
    case .body(let rest):
      let taken = try take(upTo: rest)
      part = taken == rest ? .complete : .body(rest - taken)
      return taken > 0
    case .chunkSize:
      guard let line = try nextLine() else { return false }
      // An extension may follow the number.
      let digits = line.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
      guard !digits.isEmpty, digits.utf8.count <= 8, digits.allSatisfy(\.isHexDigit),
        let size = Int(digits, radix: 16)
      else { throw .malformed("a chunk has no size") }
      part = size == 0 ? .trailer : .chunk(size)
    case .chunk(let rest):
      let taken = try take(upTo: rest)
      part = taken == rest ? .chunkEnd : .chunk(rest - taken)
      return taken > 0
    case .chunkEnd:
      guard let line = try nextLine() else { return false }
      guard line.isEmpty else { throw .malformed("a chunk is longer than it says") }
      part = .chunkSize
    case .trailer:
      guard let line = try nextLine() else { return false }
      if line.isEmpty { part = .complete }
    case .untilEnd:
      return try take(upTo: .max) > 0
    case .complete:
      return false
    }
    return true
  }

  // MARK: Head

  private mutating func readHead(_ line: String) throws(HTTPFault) {
    if status == 0 {
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3,
        let number = Int(words[1]), (100...599).contains(number)
      else { throw .malformed("the first line is not one of HTTP/1.1") }
      status = number
    } else if line.isEmpty {
      try endHead()
    } else {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex else {
        throw .malformed("a field has no name")
      }
      let name = line[..<colon].lowercased()
      fields[name] = line[line.index(after: colon)...].trimmingBlanks
    }
  }

  private mutating func endHead() throws(HTTPFault) {
    // What comes before the reply proper, such as 100, has no body.
    if status < 200 {
      (status, fields) = (0, [:])
      return
    }
    if status == 204 || status == 304 {
      part = .complete
    } else if let coding = fields["transfer-encoding"] {
      guard coding.lowercased() == "chunked" else { throw .malformed("it is coded as \(coding)") }
      part = .chunkSize
    } else if let text = fields["content-length"] {
      guard let length = Int(text), length >= 0 else { throw .malformed("it has no length") }
      guard length <= bodyLimit else { throw .tooLarge }
      part = length == 0 ? .complete : .body(length)
    } else {
      part = .untilEnd
    }
  }

  // MARK: Bytes

  /// The next line, without its end.
  private mutating func nextLine() throws(HTTPFault) -> String? {
    guard let end = waiting[first...].firstIndex(of: UInt8(ascii: "\n")) else {
      guard waiting.count - first <= Self.headLimit else { throw .tooLarge }
      return nil
    }
    headBytes += end - first + 1
    guard headBytes <= Self.headLimit + bodyLimit / 8, end - first <= Self.headLimit else {
      throw .tooLarge
    }
    var line = waiting[first..<end]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    first = end + 1
    return String(decoding: line, as: UTF8.self)
  }

  private mutating func take(upTo count: Int) throws(HTTPFault) -> Int {
    let taken = min(count, waiting.count - first)
    guard body.count + taken <= bodyLimit else { throw .tooLarge }
    body += waiting[first..<first + taken]
    first += taken
    return taken
  }
}

extension Substring {
  fileprivate var trimmingBlanks: String {
    let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let front = drop(while: isBlank)
    guard let last = front.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(front[...last])
  }
}
