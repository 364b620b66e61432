package import Records

/// Who a request is from, as far as its credentials tell.
package struct Identity: Hashable, Sendable {
  package let caller: Caller
  package let access: Access
  /// Tells identities apart: sessions of one are not another's. Never shown to anybody.
  package let credential: String

  package init(caller: Caller, access: Access, credential: String) {
    self.caller = caller
    self.access = access
    self.credential = credential
  }
}

/// Why credentials were not accepted.
package enum CredentialsRefusal: Error, Hashable, Sendable {
  /// There are none.
  case missing
  /// They are malformed, expired, revoked, or meant for somebody else; the text is for the caller.
  case invalid(String)
  /// What they were to be held against cannot be had at the moment.
  case unavailable(String)
}

/// Tells from a bearer token who is asking.
package protocol Authenticator: Sendable {
  /// Whether anybody may ask without a token.
  var isOpen: Bool { get }

  /// Where a client learns how to get a token, when there is such a place (RFC 9728).
  var metadata: ProtectedResource? { get }

  /// Who the bearer of a token is.
  ///
  /// - Parameter token: nil when the request has none.
  func identity(for token: String?) async throws(CredentialsRefusal) -> Identity
}

/// What a client has to know to get a token for this server (RFC 9728).
package struct ProtectedResource: Hashable, Sendable {
  /// The URL of the endpoint, as clients use it.
  package let resource: String
  /// Those whose tokens are accepted.
  package let authorizationServers: [String]

  package init(resource: String, authorizationServers: [String]) {
    self.resource = resource
    self.authorizationServers = authorizationServers
  }
}

/// Everybody is the same caller; no credentials are looked at.
package struct OpenDoor: Authenticator {
  private let caller: Caller

  package init(_ caller: Caller) { self.caller = caller }

  package var isOpen: Bool { true }
  package var metadata: ProtectedResource? { nil }

  package func identity(for token: String?) -> Identity {
    Identity(caller: caller, access: [.read, .write, .administer], credential: "")
  }
}
