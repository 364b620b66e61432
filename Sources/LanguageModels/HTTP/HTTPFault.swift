/// Why a request over HTTP got no reply.
package enum HTTPFault: Error, Hashable, Sendable {
  /// There is no such host, or nobody listens.
  case unreachable(String)
  /// The connection ended before the reply did.
  case broken
  case timedOut
  /// Who is there cannot show who it is, or this machine cannot look.
  case insecure(String)
  /// What came is not HTTP.
  case malformed(String)
  case tooLarge
  /// Nobody waits any more.
  case abandoned
}
