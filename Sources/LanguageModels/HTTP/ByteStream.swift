/// Bytes to and from a server, whatever carries them.
protocol ByteStream: AnyObject {
  /// Sends all the bytes.
  func send(_ bytes: [UInt8], _ patience: Patience) throws(HTTPFault)
  /// What came, at least a byte; none at the end.
  func receive(_ patience: Patience) throws(HTTPFault) -> [UInt8]
  func close()
}
