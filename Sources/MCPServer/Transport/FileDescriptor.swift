#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// An open file, pipe or terminal, by its number; the only place that calls the system's functions.
struct FileDescriptor: Hashable, Sendable {
  /// What the system answered instead of doing what was asked.
  struct Failure: Error, Hashable, CustomStringConvertible {
    let code: Int32

    static var current: Failure { Failure(code: errno) }

    /// Whether there is nobody left at the other end.
    var isBrokenPipe: Bool { code == EPIPE }

    var description: String { "error \(code)" }
  }

  let number: Int32

  /// A pipe: what is written to the second comes out of the first.
  static func pipe() throws(Failure) -> (read: FileDescriptor, write: FileDescriptor) {
    var ends: [Int32] = [-1, -1]
    guard makePipe(&ends) == 0 else { throw .current }
    defer { for end in ends { _ = closeNumber(end) } }
    // A process that was started without some of its standard streams gets their numbers here, and
    // would take the pipe for its client.
    let read = fcntl(ends[0], F_DUPFD_CLOEXEC, 3)
    guard read >= 0 else { throw .current }
    let write = fcntl(ends[1], F_DUPFD_CLOEXEC, 3)
    guard write >= 0 else {
      let failure = Failure.current
      _ = closeNumber(read)
      throw failure
    }
    return (FileDescriptor(number: read), FileDescriptor(number: write))
  }

  /// Makes writing to a pipe that nobody reads an error instead of the end of the process.
  static func ignoreBrokenPipeSignal() {
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Reads what is there, waiting until something is; 0 bytes mean that the end is reached.
  ///
  /// - Returns: how many bytes of the buffer were filled.
  func read(into buffer: inout [UInt8]) throws(Failure) -> Int {
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { bytes in
        unsafe readBytes(number, bytes.baseAddress, bytes.count)
      }
      if count >= 0 { return count }
      try recover(waitingFor: Int16(POLLIN))
    }
  }

  /// Writes all the bytes.
  func write(_ bytes: [UInt8]) throws(Failure) {
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { bytes in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
        return unsafe writeBytes(number, rest.baseAddress, rest.count)
      }
      if count >= 0 {
        written += count
      } else {
        try recover(waitingFor: Int16(POLLOUT))
      }
    }
  }

  /// Waits until there is something to read here (or the end), or in the other.
  ///
  /// - Returns: false when there is something in the other.
  func waitForInput(or other: FileDescriptor) throws(Failure) -> Bool {
    var waits = [
      pollfd(fd: other.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: number, events: Int16(POLLIN), revents: 0),
    ]
    while unsafe poll(&waits, nfds_t(waits.count), -1) < 0 {
      guard errno == EINTR else { throw .current }
    }
    return waits[0].revents == 0
  }

  func close() {
    _ = closeNumber(number)
  }

  /// Returns when the call that just failed may be tried again.
  private func recover(waitingFor events: Int16) throws(Failure) {
    switch errno {
    case EINTR: return
    case EAGAIN, EWOULDBLOCK:
      var wait = [pollfd(fd: number, events: events, revents: 0)]
      guard unsafe poll(&wait, 1, -1) >= 0 || errno == EINTR else { throw .current }
    default: throw .current
    }
  }
}

// Inside a type with members of the same names the system's functions cannot be named.
private func makePipe(_ ends: inout [Int32]) -> Int32 { unsafe pipe(&ends) }

private func readBytes(_ number: Int32, _ bytes: UnsafeMutableRawPointer?, _ count: Int) -> Int {
  unsafe read(number, bytes, count)
}

private func writeBytes(_ number: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  unsafe write(number, bytes, count)
}

private func closeNumber(_ number: Int32) -> Int32 { close(number) }
