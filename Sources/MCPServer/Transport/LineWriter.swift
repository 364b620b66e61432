internal import Dispatch
internal import Synchronization

/// Writes lines to a descriptor, each as a whole, on a queue of its own.
///
/// Whoever has an answer leaves it here and goes on: a client that does not read for a while holds
/// up neither the calls nor the reading of its own messages, `notifications/cancelled` among them.
final class LineWriter: Sendable {
  private let output: FileDescriptor
  private let queue = DispatchQueue(label: "recollect.output")
  private let unwritten = DispatchGroup()
  private let isClosed = Atomic(false)
  private let onFailure: @Sendable (FileDescriptor.Failure) -> Void

  /// - Parameter onFailure: called once, when the output is broken and nothing more is written.
  init(
    _ output: FileDescriptor, onFailure: @escaping @Sendable (FileDescriptor.Failure) -> Void
  ) {
    self.output = output
    self.onFailure = onFailure
  }

  /// Writes the line and its end after those before it.
  func write(_ line: [UInt8]) {
    unwritten.enter()
    queue.async { [self] in
      defer { unwritten.leave() }
      guard !isClosed.load(ordering: .acquiring) else { return }
      do throws(FileDescriptor.Failure) {
        try output.write(line + [0x0A])
      } catch {
        isClosed.store(true, ordering: .releasing)
        onFailure(error)
      }
    }
  }

  /// Waits until everything is written, at most so long; lines that are still waiting then are
  /// dropped.
  func close(until deadline: DispatchTime) {
    _ = unwritten.wait(timeout: deadline)
    isClosed.store(true, ordering: .releasing)
  }
}
