import Foundation
import Records
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// A client of HTTP that sends the bytes it is given, on a socket of its own.
final class WireClient {
  struct Reply {
    let status: Int
    let head: String
    let body: String

    var json: JSONValue { (try? JSON.value(from: body)) ?? .null }
    var result: JSONValue? { json["result"] }

    func field(_ name: String) -> String? {
      head.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
        .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
  }

  struct Failure: Error { let text: String }

  private let socket: Int32
  private var buffered: [UInt8] = []
  let port: UInt16
  var token: String?
  var session: String?

  init(_ port: UInt16, token: String? = nil) throws {
    self.port = port
    self.token = token
    #if canImport(Glibc)
    let kind = Int32(SOCK_STREAM.rawValue)
    #else
    let kind = SOCK_STREAM
    #endif
    socket = Foundation.socket(AF_INET, kind, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket, $0, size)
      }
    }
    guard connected == 0 else { throw Failure(text: "cannot connect to \(port)") }
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(
      socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    signal(SIGPIPE, SIG_IGN)
  }

  deinit { close() }

  private var isClosed = false

  func close() {
    guard !isClosed else { return }
    isClosed = true
    _ = Foundation.close(socket)
  }

  // MARK: Bytes

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe write(socket, $0.baseAddress?.advanced(by: sent), bytes.count - sent)
      }
      guard count > 0 else { throw Failure(text: "the server does not read") }
      sent += count
    }
  }

  /// Reads what is there; false at the end.
  private func fill() throws -> Bool {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe read(socket, $0.baseAddress, $0.count)
    }
    guard count >= 0 else { throw Failure(text: "nothing came (\(errno))") }
    buffered += bytes[..<count]
    return count > 0
  }

  /// Whether the server has ended the connection; waits for that.
  func seesEnd() -> Bool {
    while true {
      guard let isOpen = try? fill() else { return errno == ECONNRESET }
      if !isOpen { return true }
    }
  }

  /// What comes up to and with an ending.
  private func take(through ending: String) throws -> String {
    let mark = Array(ending.utf8)
    var from = 0
    while true {
      if let end = buffered.firstRange(of: mark, from: from) {
        defer { buffered.removeFirst(end) }
        return String(decoding: buffered[..<end], as: UTF8.self)
      }
      from = max(0, buffered.count - mark.count)
      guard try fill() else { throw Failure(text: "the server ended the connection") }
    }
  }

  private func take(count: Int) throws -> String {
    while buffered.count < count {
      guard try fill() else { throw Failure(text: "the server ended the connection") }
    }
    defer { buffered.removeFirst(count) }
    return String(decoding: buffered[..<count], as: UTF8.self)
  }

  // MARK: Replies

  /// The head of a reply.
  func head() throws -> (status: Int, text: String) {
    let text = try take(through: "\r\n\r\n")
    guard let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw Failure(text: "no status: \(text)")
    }
    return (status, text)
  }

  /// A whole reply.
  func reply() throws -> Reply {
    let (status, head) = try head()
    let lower = head.lowercased()
    if let length = lower.firstMatch(of: /content-length: *([0-9]+)/).flatMap({ Int($0.1) }) {
      return Reply(status: status, head: head, body: try take(count: length))
    }
    guard lower.contains("transfer-encoding: chunked") else {
      return Reply(status: status, head: head, body: "")
    }
    var body = ""
    while let chunk = try chunk() { body += chunk }
    return Reply(status: status, head: head, body: body)
  }

  /// A piece of a body that comes in pieces; nil after the last.
  func chunk() throws -> String? {
    // Return and line feed are one character to a string.
    let line = String(try take(through: "\r\n").dropLast())
    guard let size = Int(line, radix: 16) else { throw Failure(text: "no chunk: \(line)") }
    let piece = try take(count: size)
    _ = try take(through: "\r\n")
    return size == 0 ? nil : piece
  }

  /// The next message of a stream of events; nil after the last.
  func event() throws -> JSONValue? {
    while let piece = try chunk() {
      for line in piece.split(separator: "\r\n") where line.hasPrefix("data: ") {
        return try JSON.value(from: String(line.dropFirst(6)))
      }
    }
    return nil
  }

  // MARK: Requests

  /// Sends a request; names of the modern era's headers follow from the message.
  func post(_ message: JSONValue, modern: Bool = true, lines: [String] = []) throws {
    let body = try JSON.text(message)
    var head = ["POST /mcp HTTP/1.1", "Host: 127.0.0.1:\(port)", "Content-Type: application/json"]
    head.append("Accept: application/json, text/event-stream")
    if let token { head.append("Authorization: Bearer \(token)") }
    if modern {
      let method = message["method"]?.string ?? ""
      let params = message["params"]
      let isNamed = ["tools/call", "prompts/get", "resources/read"].contains(method)
      let name = isNamed ? params?["name"]?.string ?? params?["uri"]?.string : nil
      head += ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: \(method)"]
      if let name { head.append("Mcp-Name: \(name)") }
    } else if let session {
      head.append("Mcp-Session-Id: \(session)")
    }
    head += lines + ["Content-Length: \(body.utf8.count)", "", ""]
    try send(head.joined(separator: "\r\n") + body)
  }

  static func modern(_ method: String, _ params: [String: JSONValue] = [:], id: JSONValue = 1)
    -> JSONValue
  {
    var params = params
    var meta = params["_meta"]?.object ?? [:]
    meta["io.modelcontextprotocol/protocolVersion"] = "2026-07-28"
    meta["io.modelcontextprotocol/clientCapabilities"] = [:]
    params["_meta"] = .object(meta)
    return [
      "jsonrpc": "2.0", "id": id, "method": .string(method), "params": .object(params),
    ]
  }

  /// What a modern request is answered.
  func ask(_ method: String, _ params: [String: JSONValue] = [:]) throws -> Reply {
    try post(Self.modern(method, params))
    return try reply()
  }

  /// What a tool answers: its structure, or the failure that it tells.
  func call(_ tool: String, _ arguments: JSONValue = [:]) throws -> JSONValue {
    let reply = try ask("tools/call", ["name": .string(tool), "arguments": arguments])
    guard let result = reply.result else {
      throw Failure(text: "\(reply.status) \(reply.body)")
    }
    if let content = result["structuredContent"] { return content }
    return try JSON.value(from: result["content"]?.array?.first?["text"]?.string ?? "null")
  }

  /// What a request of the handshake era is answered.
  func old(_ method: String, _ params: JSONValue = [:], id: JSONValue = 1) throws -> Reply {
    try post(
      ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": params], modern: false)
    return try reply()
  }
}

extension [UInt8] {
  /// Where a run of bytes ends, looked for from a place on.
  fileprivate func firstRange(of mark: [UInt8], from: Int) -> Int? {
    guard count >= mark.count, from <= count - mark.count else { return nil }
    for start in from...(count - mark.count) where self[start] == mark[0] {
      if self[start..<(start + mark.count)].elementsEqual(mark) { return start + mark.count }
    }
    return nil
  }
}
