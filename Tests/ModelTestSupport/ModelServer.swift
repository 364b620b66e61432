import Foundation
package import Records
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A server of this machine that speaks the OpenAI protocol, well or ill, and writes down what it was
/// asked.
package final class ModelServer: Sendable {
  /// A request as it came.
  package struct Request: Sendable {
    package let line: String
    /// Names in lower case.
    package let fields: [String: String]
    package let body: JSONValue?

    /// What a role is told.
    package func message(_ role: String) -> String {
      body?["messages"]?.array?.first { $0["role"]?.string == role }?["content"]?.string ?? ""
    }

    /// The document between the two lines of the data block.
    package var data: JSONValue? {
      let lines = message("user").split(separator: "\n", omittingEmptySubsequences: false)
      guard lines.count == 3 else { return nil }
      return try? JSON.value(JSONValue.self, from: String(lines[1]))
    }

    /// The texts of memories that are shown.
    package var memories: [String] {
      data?["memories"]?.array?.compactMap { $0["text"]?.string } ?? []
    }

    /// The number of a memory that is shown.
    package func number(of text: String) -> Int64? {
      memories.firstIndex(of: text).map { Int64($0 + 1) }
    }
  }

  /// What it does with a request.
  package enum Reply: Sendable {
    /// The model says this.
    case says(String)
    case status(Int, [String: String] = [:], String = "{}")
    /// These bytes and then the end.
    case bytes(String)
    /// The connection is reset, without a word.
    case reset
    /// Nothing comes, and no end.
    case silence
    /// A byte now and then, for ever.
    case drip
    /// A body without end.
    case flood
  }

  package struct Failure: Error {}

  private struct State {
    var requests: [Request] = []
    var open: Set<Int32> = []
    var isOver = false
  }

  private let socket: Int32
  private let port: UInt16
  private let answer: @Sendable (Request, Int) -> Reply
  private let state = Mutex(State())

  /// The base of its addresses.
  package var url: String { "http://127.0.0.1:\(port)/v1" }
  package var requests: [Request] { state.withLock { $0.requests } }

  /// Says the same to everybody.
  package convenience init(_ reply: Reply) throws {
    try self.init { _, _ in reply }
  }

  /// - Parameter answer: what it does with a request, and the how manieth it is, from 0.
  package init(_ answer: @escaping @Sendable (Request, Int) -> Reply) throws {
    #if canImport(Glibc)
    let kind = Int32(SOCK_STREAM.rawValue)
    #else
    let kind = SOCK_STREAM
    #endif
    let socket = Foundation.socket(AF_INET, kind, 0)
    signal(SIGPIPE, SIG_IGN)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(socket, $0, size) == 0 && listen(socket, 64) == 0
          && getsockname(socket, $0, &size) == 0
      }
    }
    guard isBound else { throw Failure() }
    self.socket = socket
    self.answer = answer
    port = UInt16(bigEndian: address.sin_port)
    // It lives as long as the tests: who has asked for its address alone must find it.
    Thread.detachNewThread { [self] in
      while case let connection = accept(socket, nil, nil), connection >= 0 {
        guard enter(connection) else {
          close(connection)
          return
        }
        Thread.detachNewThread { self.serve(connection) }
      }
    }
  }

  /// Ends what waits for nothing.
  package func stop() {
    state.withLock { state in
      state.isOver = true
      for connection in state.open { shutdown(connection, Int32(SHUT_RDWR)) }
    }
  }

  private func enter(_ connection: Int32) -> Bool {
    state.withLock { state in
      if !state.isOver { state.open.insert(connection) }
      return !state.isOver
    }
  }

  // MARK: Serving

  private func serve(_ connection: Int32) {
    defer {
      state.withLock { _ = $0.open.remove(connection) }
      close(connection)
    }
    guard let request = read(connection) else { return }
    let number = state.withLock { state in
      state.requests.append(request)
      return state.requests.count - 1
    }
    switch answer(request, number) {
    case .says(let text): send(Self.reply(200, [:], Self.completion(of: text)), connection)
    case .status(let status, let fields, let body):
      send(Self.reply(status, fields, body), connection)
    case .bytes(let text): send(text, connection)
    case .reset:
      var linger = linger(l_onoff: 1, l_linger: 0)
      unsafe setsockopt(
        connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    case .silence: drain(connection)
    case .drip:
      send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", connection)
      while send(" ", connection) { Thread.sleep(forTimeInterval: 0.05) }
    case .flood:
      send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", connection)
      let chunk = "10000\r\n" + String(repeating: "x", count: 0x10000) + "\r\n"
      while send(chunk, connection) {}
    }
  }

  /// The document around what a model says.
  package static func completion(of text: String, finish: String = "stop") -> String {
    let document: JSONValue = [
      "id": "x", "object": "chat.completion", "model": "test",
      "choices": [
        [
          "index": 0, "finish_reason": .string(finish),
          "message": ["role": "assistant", "content": .string(text)],
        ]
      ],
    ]
    return (try? JSON.text(document)) ?? ""
  }

  private static func reply(_ status: Int, _ fields: [String: String], _ body: String) -> String {
    let head = fields.reduce("HTTP/1.1 \(status) Some\r\n") { "\($0)\($1.key): \($1.value)\r\n" }
    return
      "\(head)Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  // MARK: Bytes

  private func read(_ connection: Int32) -> Request? {
    var text: [UInt8] = []
    let mark = Array("\r\n\r\n".utf8)
    while true {
      if let end = text.firstRange(of: mark) {
        let head = String(decoding: text[..<end.lowerBound], as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
          let parts = line.components(separatedBy: ": ")
          fields[parts[0].lowercased()] = parts.dropFirst().joined(separator: ": ")
        }
        let length = fields["content-length"].flatMap(Int.init) ?? 0
        let body = Array(text[end.upperBound...])
        if body.count >= length {
          return Request(
            line: lines[0], fields: fields, body: try? JSONTextReader.value(of: body))
        }
      }
      guard let more = receive(connection) else { return nil }
      text += more
    }
  }

  private func drain(_ connection: Int32) {
    while receive(connection) != nil {}
  }

  private func receive(_ connection: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe recv(connection, $0.baseAddress, $0.count, 0)
    }
    return count > 0 ? Array(bytes[..<count]) : nil
  }

  @discardableResult
  private func send(_ text: String, _ connection: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe write(connection, $0.baseAddress, $0.count)
      }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}
