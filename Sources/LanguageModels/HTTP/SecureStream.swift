/// A connection over TLS, whose other end has shown that it is the host that was asked for.
///
/// The library sees buffers in memory alone; what moves the bytes is a stream below, with its patience.
@safe final class SecureStream: ByteStream {
  private let library: OpenSSL
  private let session: OpenSSL.Handle
  /// What came and is to be read, and what is to be sent, both encrypted; the session owns them.
  private let incoming: OpenSSL.Handle
  private let outgoing: OpenSSL.Handle
  private let stream: any ByteStream

  private static let bufferSize = 16 << 10

  private init(
    _ library: OpenSSL, _ context: OpenSSL.Handle, over stream: any ByteStream
  ) throws(HTTPFault) {
    guard let session = unsafe library.makeSession(context),
      let incoming = unsafe library.makeBuffer(library.memory()),
      let outgoing = unsafe library.makeBuffer(library.memory())
    else { throw .insecure("there is no memory for it") }
    unsafe library.attach(session, incoming, outgoing)
    unsafe self.session = session
    unsafe self.incoming = incoming
    unsafe self.outgoing = outgoing
    unsafe self.library = library
    self.stream = stream
  }

  deinit { unsafe library.freeSession(session) }

  /// Shakes hands over a connection.
  ///
  /// - Throws: `insecure` when the certificate is not one of an authority that this system trusts, or
  ///   is for somebody else.
  static func connect(
    to host: String, over stream: any ByteStream, _ patience: Patience
  ) throws(HTTPFault) -> SecureStream {
    guard let library = unsafe OpenSSL.system, let context = unsafe context else {
      throw .insecure("this system has no OpenSSL (libssl), which https needs")
    }
    let secure = try unsafe SecureStream(library, context, over: stream)
    try secure.expect(host)
    do throws(HTTPFault) {
      _ = try unsafe secure.pump(patience) { unsafe library.connect($0) }
    } catch {
      // What the handshake found wrong with the certificate it says itself.
      let verdict = unsafe library.verdict(secure.session)
      guard case .broken = error, verdict != 0 else { throw error }
      throw .insecure("its certificate is not to be trusted (\(verdict))")
    }
    return secure
  }

  /// What all connections share: the authorities that the system trusts, and TLS 1.2 at least.
  private nonisolated(unsafe) static let context: OpenSSL.Handle? = {
    guard let library = unsafe OpenSSL.system,
      let context = unsafe library.makeContext(library.method()),
      unsafe library.useSystemAuthorities(context) == 1,
      unsafe library.controlContext(
        context, OpenSSL.setMinimumVersion, OpenSSL.version12, nil) == 1
    else { return nil }
    unsafe library.verify(context, OpenSSL.verifyPeer, nil)
    return unsafe context
  }()

  private func expect(_ host: String) throws(HTTPFault) {
    let parameters = unsafe library.parameters(session)
    // A certificate names addresses apart from names, and a server is asked for names alone.
    if unsafe library.expectAddress(parameters, host) == 1 { return }
    var name = Array(host.utf8CString)
    let isAsked = unsafe name.withUnsafeMutableBytes { bytes in
      unsafe library.controlSession(session, OpenSSL.setServerName, 0, bytes.baseAddress) == 1
    }
    guard isAsked, unsafe library.expectHost(parameters, host, 0) == 1 else {
      throw .insecure("\(host) is no name of a host")
    }
  }

  func send(_ bytes: [UInt8], _ patience: Patience) throws(HTTPFault) {
    // One record or several: without partial writes, which nobody asked for, all or nothing.
    guard !bytes.isEmpty else { return }
    _ = try unsafe pump(patience) { session in
      unsafe bytes.withUnsafeBytes {
        unsafe library.write(session, $0.baseAddress, Int32($0.count))
      }
    }
  }

  func receive(_ patience: Patience) throws(HTTPFault) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    let count = try unsafe pump(patience) { session in
      unsafe buffer.withUnsafeMutableBytes {
        unsafe library.read(session, $0.baseAddress, Int32($0.count))
      }
    }
    return Array(buffer[..<count])
  }

  func close() { stream.close() }

  // MARK: Moving bytes

  /// Does something with the session, moving bytes both ways until it is done.
  ///
  /// - Returns: what it gave; 0 when the other end has said goodbye.
  private func pump(
    _ patience: Patience, _ body: (OpenSSL.Handle) -> Int32
  ) throws(HTTPFault) -> Int {
    while true {
      // The queue of errors is the thread's, and must be empty for the next to be understood.
      unsafe library.clearErrors()
      let result = unsafe body(session)
      let error = unsafe library.error(session, result)
      try flush(patience)
      if result > 0 { return Int(result) }
      switch error {
      case unsafe OpenSSL.wantsRead: try fill(patience)
      case unsafe OpenSSL.wantsWrite: continue
      case unsafe OpenSSL.goodbye: return 0
      default: throw .broken
      }
    }
  }

  private func flush(_ patience: Patience) throws(HTTPFault) {
    var buffer = [UInt8](repeating: 0, count: Self.bufferSize)
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe library.readBuffer(outgoing, $0.baseAddress, Int32($0.count))
      }
      guard count > 0 else { return }
      try stream.send(Array(buffer[..<Int(count)]), patience)
    }
  }

  /// - Throws: `broken` where the connection ends without a goodbye: somebody may have cut it.
  private func fill(_ patience: Patience) throws(HTTPFault) {
    let bytes = try stream.receive(patience)
    guard !bytes.isEmpty else { throw .broken }
    let count = unsafe bytes.withUnsafeBytes {
      unsafe library.writeBuffer(incoming, $0.baseAddress, Int32($0.count))
    }
    guard Int(count) == bytes.count else { throw .broken }
  }
}
