#if OAuth
import Foundation
import Synchronization
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A server of keys on a socket of this machine, well or ill.
final class KeyServer: Sendable {
  enum Answer: Sendable, CustomTestStringConvertible {
    case text(Data)
    case status(Int)
    case redirect(String)
    /// The connection ends without a word.
    case nothing
    /// Nothing comes, and no end.
    case silence
    /// A byte now and then, for ever.
    case drip

    var testDescription: String {
      switch self {
      case .text(let data): "\(data.count) bytes"
      case .status(let status): "status \(status)"
      case .redirect: "elsewhere"
      case .nothing: "nothing"
      case .silence: "silence"
      case .drip: "drip"
      }
    }
  }

  private struct State {
    var answer: Answer
    var requests = 0
    /// Connections that stay, and those that a thread of their own writes to and closes.
    var silent: [Int32] = []
    var dripping: [Int32] = []
    var isOver = false
  }

  struct Failure: Error {}

  private let socket: Int32
  private let port: UInt16
  private let state: Mutex<State>

  var url: String { "http://127.0.0.1:\(port)/jwks.json" }

  /// How often keys were asked for.
  var requests: Int { state.withLock { $0.requests } }

  var answer: Answer {
    get { state.withLock { $0.answer } }
    set { state.withLock { $0.answer = newValue } }
  }

  init(_ answer: Answer) throws {
    #if canImport(Glibc)
    let kind = Int32(SOCK_STREAM.rawValue)
    #else
    let kind = SOCK_STREAM
    #endif
    let socket = Foundation.socket(AF_INET, kind, 0)
    self.socket = socket
    state = Mutex(State(answer: answer))
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
    port = UInt16(bigEndian: address.sin_port)
    guard isBound else { throw Failure() }
    Thread.detachNewThread { [weak self] in
      while case let connection = accept(socket, nil, nil), connection >= 0 {
        guard let self, self.serve(connection) else {
          close(connection)
          return
        }
      }
    }
  }

  deinit {
    state.withLock { state in
      state.isOver = true
      for connection in state.silent { close(connection) }
      for connection in state.dripping { shutdown(connection, Int32(SHUT_RDWR)) }
    }
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  /// Answers one request; false when the server is over.
  private func serve(_ connection: Int32) -> Bool {
    let answer = state.withLock { state -> Answer? in
      guard !state.isOver else { return nil }
      state.requests += 1
      return state.answer
    }
    guard let answer else { return false }
    read(connection)
    let end = "\r\nConnection: close\r\n\r\n"
    switch answer {
    case .text(let data):
      send(Data("HTTP/1.1 200 OK\r\nContent-Length: \(data.count)\(end)".utf8) + data, connection)
    case .status(let status):
      send(Data("HTTP/1.1 \(status) No\r\nContent-Length: 0\(end)".utf8), connection)
    case .redirect(let url):
      send(
        Data("HTTP/1.1 302 Found\r\nLocation: \(url)\r\nContent-Length: 0\(end)".utf8), connection)
    case .nothing: break
    case .silence:
      state.withLock { $0.silent.append(connection) }
      return true
    case .drip:
      state.withLock { $0.dripping.append(connection) }
      Thread.detachNewThread { [weak self] in
        Self.send(Data("HTTP/1.1 200 OK\r\nContent-Length: 1000000\(end)".utf8), connection)
        while Self.send(Data(" ".utf8), connection) { Thread.sleep(forTimeInterval: 0.1) }
        self?.state.withLock { $0.dripping.removeAll { $0 == connection } }
        close(connection)
      }
      return true
    }
    close(connection)
    return true
  }

  /// Reads the head of a request.
  private func read(_ connection: Int32) {
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while !String(decoding: text, as: UTF8.self).contains("\r\n\r\n") {
      let count = unsafe bytes.withUnsafeMutableBytes {
        unsafe Foundation.read(connection, $0.baseAddress, $0.count)
      }
      guard count > 0 else { return }
      text += bytes[..<count]
    }
  }

  private func send(_ data: Data, _ connection: Int32) { Self.send(data, connection) }

  @discardableResult
  private static func send(_ data: Data, _ connection: Int32) -> Bool {
    var rest = Array(data)[...]
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
#endif
