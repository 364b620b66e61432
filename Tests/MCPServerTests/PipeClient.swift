import Foundation
import MCPServer
import Records
import Synchronization
import Testing

/// A client that talks to a server through pipes, as a desktop program does.
final class PipeClient: Sendable {
  private let toServer = Pipe()
  private let fromServer = Pipe()
  private let streams: StandardStreams
  private let hasReturned = Atomic(false)
  private let received = Mutex<[Result<JSONValue, any Error>]>([])

  init(_ server: ProtocolServer, lineLimit: Int = StandardStreams.maximumLineBytes) throws {
    streams = try StandardStreams(
      server, input: toServer.fileHandleForReading.fileDescriptor,
      output: fromServer.fileHandleForWriting.fileDescriptor, lineLimit: lineLimit
    ) { _ in }
    Thread.detachNewThread { [self] in
      streams.run()
      hasReturned.store(true, ordering: .releasing)
    }
  }

  /// Collects what the server writes; without it the client is one that does not read.
  func startReading() {
    Thread.detachNewThread { [self] in
      var text = Data()
      while true {
        let bytes = fromServer.fileHandleForReading.availableData
        if bytes.isEmpty { return }
        text += bytes
        while let end = text.firstIndex(of: 0x0A) {
          let message = Result<JSONValue, any Error> {
            try JSON.value(from: Data(text[text.startIndex..<end]))
          }
          received.withLock { $0.append(message) }
          text = Data(text[(end + 1)...])
        }
      }
    }
  }

  /// The server's messages so far, in order.
  func messages() throws -> [JSONValue] {
    try received.withLock { $0 }.map { try $0.get() }
  }

  func send(_ text: String, end: String = "\n") throws {
    try send(Data((text + end).utf8))
  }

  func send(_ bytes: Data) throws {
    try toServer.fileHandleForWriting.write(contentsOf: bytes)
  }

  func call(_ id: Int, _ tool: String, _ arguments: String) throws {
    try send(
      #"{"jsonrpc":"2.0","id":\#(id),"method":"tools/call","#
        + #""params":{"name":"\#(tool)","arguments":\#(arguments)}}"#)
  }

  func ping(_ id: Int) throws {
    try send(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
  }

  /// Waits for the answer with this id.
  func answer(to id: JSONValue) throws -> JSONValue {
    var found: JSONValue?
    _ = try eventually {
      found = try messages().first { $0["id"] == id }
      return found != nil
    }
    return try #require(found, "no answer with the id \(id)")
  }

  func closeInput() throws { try toServer.fileHandleForWriting.close() }

  /// Goes away without a word.
  func stopReading() throws {
    try fromServer.fileHandleForReading.close()
  }

  func stop() { streams.stop() }

  /// Waits for the server's end; says how long that took, nil when it did not come.
  func secondsUntilEnd() -> Double? {
    let start = ContinuousClock.now
    guard eventually({ hasReturned.load(ordering: .acquiring) }) else { return nil }
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
