import Foundation

/// Something did not happen in the time that tests give it.
package struct OutOfPatience: Error, CustomStringConvertible {
  package let description: String
}

extension Process {
  /// Waits for the end, but not for ever: what hangs is killed, so that the test fails on its status
  /// instead of never ending.
  package func waitForEnd(seconds: Double = 600) {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while isRunning, ContinuousClock.now < deadline { usleep(1000) }
    if isRunning {
      // A process that is suspended dies as well.
      kill(processIdentifier, SIGKILL)
    }
    waitUntilExit()
  }
}

extension FileHandle {
  /// What a pipe has, waited for; nothing at its end.
  ///
  /// - Throws: `OutOfPatience` when nothing comes.
  package func nextData(seconds: Double = 120) throws -> Data {
    var state = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
    let deadline = ContinuousClock.now + .seconds(seconds)
    while true {
      let left = deadline - ContinuousClock.now
      let count = unsafe poll(&state, 1, Int32(clamping: Int64(max(0, left / .milliseconds(1)))))
      if count > 0 { return availableData }
      guard count < 0, errno == EINTR, left > .zero else {
        throw OutOfPatience(description: "nothing came for \(seconds) seconds")
      }
    }
  }
}
