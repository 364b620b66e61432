internal import Dispatch
internal import Foundation
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Where a host can be reached.
enum Resolver {
  /// An address as the system has it.
  struct Address: Sendable {
    let family: Int32
    let bytes: [UInt8]
  }

  private final class Answer: Sendable {
    let addresses = Mutex<[Address]?>(nil)
    let isThere = DispatchSemaphore(value: 0)
  }

  /// All addresses of a host, in the order in which the system would try them.
  ///
  /// The system gives no way to end its question early, so it is asked on a thread of its own, which
  /// is left behind when nobody waits any more.
  static func addresses(
    of host: String, port: Int, _ patience: Patience
  ) throws(HTTPFault) -> [Address] {
    let answer = Answer()
    Thread.detachNewThread {
      let found = lookUp(host, String(port))
      answer.addresses.withLock { $0 = found }
      answer.isThere.signal()
    }
    while answer.isThere.wait(timeout: .now() + .milliseconds(20)) == .timedOut {
      _ = try patience.check()
    }
    let found = answer.addresses.withLock { $0 } ?? []
    guard !found.isEmpty else { throw .unreachable("there is no host of that name") }
    return found
  }

  private static func lookUp(_ host: String, _ port: String) -> [Address] {
    var hints = unsafe addrinfo()
    #if canImport(Glibc)
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
    unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(host, port, &hints, &list) == 0 else { return [] }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [Address] = []
    var next = unsafe list
    while let entry = unsafe next {
      let info = unsafe entry.pointee
      let bytes = unsafe UnsafeRawBufferPointer(start: info.ai_addr, count: Int(info.ai_addrlen))
      unsafe addresses.append(Address(family: info.ai_family, bytes: Array(bytes)))
      unsafe next = info.ai_next
    }
    return addresses
  }
}
