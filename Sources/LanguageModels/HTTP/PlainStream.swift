#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A connection over TCP. No call on it waits longer than its patience.
final class PlainStream: ByteStream {
  private var socket: Int32

  private static let bufferSize = 16 << 10

  private init(socket: Int32) { self.socket = socket }

  deinit { close() }

  /// Connects to the first address of a host that answers.
  static func connect(
    to host: String, port: Int, _ patience: Patience
  ) throws(HTTPFault) -> PlainStream {
    let addresses = try Resolver.addresses(of: host, port: port, patience)
    var last = HTTPFault.unreachable("nobody listens")
    for (number, address) in addresses.enumerated() {
      // One that swallows what is sent to it must leave time for the others.
      let share = patience.share(of: addresses.count - number)
      do throws(HTTPFault) {
        return try connect(to: address, share)
      } catch {
        switch error {
        case .unreachable, .timedOut: last = error
        case .broken, .insecure, .malformed, .tooLarge, .abandoned: throw error
        }
      }
    }
    throw last
  }

  private static func connect(
    to address: Resolver.Address, _ patience: Patience
  ) throws(HTTPFault) -> PlainStream {
    let number = makeSocket(address.family)
    guard number >= 0 else { throw .unreachable("the system gives no socket") }
    let stream = PlainStream(socket: number)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    #if canImport(Darwin)
    var on: Int32 = 1
    _ = unsafe setsockopt(
      number, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
    #endif
    if !connectNumber(number, address.bytes) {
      guard errno == EINPROGRESS else { throw .unreachable("nobody listens") }
      try patience.wait(for: Int32(POLLOUT), of: number)
      var failure: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      guard unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &failure, &size) == 0, failure == 0
      else { throw .unreachable("nobody listens") }
    }
    return stream
  }

  func send(_ bytes: [UInt8], _ patience: Patience) throws(HTTPFault) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = sendBytes(socket, rest)
      if count > 0 {
        rest = rest.dropFirst(count)
      } else {
        try recover(Int32(POLLOUT), patience)
      }
    }
  }

  func receive(_ patience: Patience) throws(HTTPFault) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    while true {
      let count = receiveBytes(socket, &buffer)
      if count >= 0 { return Array(buffer[..<count]) }
      try recover(Int32(POLLIN), patience)
    }
  }

  func close() {
    guard socket >= 0 else { return }
    closeNumber(socket)
    socket = -1
  }

  /// Returns when the call that just failed may be tried again.
  private func recover(_ events: Int32, _ patience: Patience) throws(HTTPFault) {
    switch errno {
    case EINTR: _ = try patience.check()
    case EAGAIN, EWOULDBLOCK: try patience.wait(for: events, of: socket)
    default: throw .broken
    }
  }
}

// Inside a type with members of the same names the system's functions cannot be named.

private func makeSocket(_ family: Int32) -> Int32 {
  #if canImport(Glibc)
  socket(family, Int32(SOCK_STREAM.rawValue), 0)
  #else
  socket(family, SOCK_STREAM, 0)
  #endif
}

private func connectNumber(_ number: Int32, _ address: [UInt8]) -> Bool {
  unsafe address.withUnsafeBytes { bytes in
    guard let start = bytes.baseAddress else { return false }
    return unsafe connect(
      number, start.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) == 0
  }
}

private func sendBytes(_ number: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
  #if canImport(Glibc)
  let flags = Int32(MSG_NOSIGNAL)
  #else
  let flags: Int32 = 0
  #endif
  return unsafe bytes.withUnsafeBytes { unsafe send(number, $0.baseAddress, $0.count, flags) }
}

private func receiveBytes(_ number: Int32, _ buffer: inout [UInt8]) -> Int {
  unsafe buffer.withUnsafeMutableBytes { unsafe recv(number, $0.baseAddress, $0.count, 0) }
}

private func closeNumber(_ number: Int32) { close(number) }
