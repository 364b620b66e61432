internal import Synchronization

/// Wakes a thread that waits for input: a pipe that has something to read once it was sent.
///
/// Whoever may send it holds it, so that its descriptors stay its own until nobody can.
final class StopSignal: Sendable {
  /// Has something to read from the moment of sending on.
  let receiver: FileDescriptor
  private let sender: FileDescriptor
  private let isSent = Atomic(false)

  init() throws(FileDescriptor.Failure) {
    (receiver, sender) = try FileDescriptor.pipe()
  }

  deinit {
    receiver.close()
    if !isSent.load(ordering: .acquiring) { sender.close() }
  }

  /// Closing the only sender is the signal: it needs no room in the pipe and cannot fail.
  func send() {
    if !isSent.exchange(true, ordering: .acquiringAndReleasing) { sender.close() }
  }
}
