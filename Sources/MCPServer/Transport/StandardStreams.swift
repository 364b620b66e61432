internal import Dispatch
package import Records

/// Serves one client over a pair of byte streams: one JSON message in each line.
///
/// The thread that calls `run` reads. It answers what is quick at once; calls of tools, and
/// whatever else reads memories, go to threads of their own, so that none of them keeps `ping` waiting.
package final class StandardStreams: Sendable {
  /// How many tools run at once.
  package static let concurrentCalls = 8
  /// Longer lines are refused; far above any message that makes sense.
  package static let maximumLineBytes = 64 << 20

  private let connection: Connection
  private let input: FileDescriptor
  private let stopSignal: StopSignal
  private let pool = WorkPool(limit: concurrentCalls)
  private let writer: LineWriter
  private let write: @Sendable (JSONValue) -> Void
  private let lineLimit: Int
  private let log: @Sendable (String) -> Void

  /// - Parameter input: the descriptor to read from; stays open.
  /// - Parameter output: the descriptor to write to; nothing else may write there.
  /// - Parameter log: takes one line about what went wrong with the streams.
  /// - Throws: `internal` when the process has no descriptors left.
  package init(
    _ server: ProtocolServer, input: Int32 = 0, output: Int32 = 1,
    lineLimit: Int = maximumLineBytes, log: @escaping @Sendable (String) -> Void
  ) throws(ServiceError) {
    let stopSignal: StopSignal
    do throws(FileDescriptor.Failure) {
      stopSignal = try StopSignal()
    } catch {
      throw ServiceError(.internal, "The process cannot open a pipe (\(error)).")
    }
    self.stopSignal = stopSignal
    self.input = FileDescriptor(number: input)
    self.lineLimit = lineLimit
    self.log = log
    let writer = LineWriter(FileDescriptor(number: output)) { failure in
      // A client that went away is the ordinary end.
      if !failure.isBrokenPipe { log("Writing to the client failed: \(failure).") }
      stopSignal.send()
    }
    self.writer = writer
    let write: @Sendable (JSONValue) -> Void = { notification in
      do {
        writer.write(try JSON.bytes(notification))
      } catch {
        log("A notification has no JSON form: \(error).")
      }
    }
    self.write = write
    connection = Connection(server, push: write)
  }

  /// Serves until the input ends, nobody reads the output any more, or `stop` is called; then gives
  /// work in flight a second to finish. Call it once.
  package func run() {
    FileDescriptor.ignoreBrokenPipeSignal()
    do throws(FileDescriptor.Failure) {
      try readLines()
    } catch {
      log("Reading from the client failed: \(error).")
    }
    let deadline = DispatchTime.now() + .seconds(1)
    let isIdle = pool.waitUntilIdle(until: deadline)
    connection.endSubscriptions()
    if !isIdle { connection.cancelAll() }
    // The last answers were made by now; writing them takes no time unless nobody reads.
    writer.close(until: max(deadline, .now() + .milliseconds(200)))
  }

  /// Makes `run` return soon; for any thread, at any time.
  package func stop() { stopSignal.send() }

  private func readLines() throws(FileDescriptor.Failure) {
    var splitter = LineSplitter(limit: lineLimit)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while try input.waitForInput(or: stopSignal.receiver) {
      let count = try input.read(into: &buffer)
      guard count > 0 else {
        // A client that forgot the last line's end meant it all the same.
        if let line = splitter.finish() { take(line) }
        return
      }
      for line in splitter.take(buffer[..<count]) { take(line) }
    }
  }

  private func take(_ line: LineSplitter.Line) {
    let message: Message =
      switch line {
      case .complete(let text): Message(text)
      case .tooLong:
        .malformed(Response(nil, .invalidRequest("A message has at most \(lineLimit) bytes.")))
      }
    guard let answer = connection.receive(message, notify: write) else { return }
    if answer.isQuick {
      send(answer)
    } else {
      pool.run { self.send(answer) }
    }
  }

  private func send(_ answer: PendingAnswer) {
    if let response = answer.response() { writer.write(response.text) }
  }
}
