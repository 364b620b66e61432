/// What a verb of the product answers when it cannot do what was asked.
///
/// The message is written for the caller, says what to do, and never holds internals, paths, SQL or
/// the names of other users.
package struct ServiceError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kinds of failure that a caller can tell apart.
  package enum Code: String, Sendable, Codable {
    case invalidArgument = "invalid_argument"
    case notFound = "not_found"
    case sessionExpired = "session_expired"
    case limitExceeded = "limit_exceeded"
    case conflict
    case unauthorized
    case forbidden
    case unavailable
    case `internal`
  }

  package let code: Code
  package let message: String
  /// The argument that is to blame.
  package let field: String?
  /// When it makes sense to try again.
  package let retryAfterMilliseconds: Int?

  package init(
    _ code: Code, _ message: String, field: String? = nil, retryAfterMilliseconds: Int? = nil
  ) {
    self.code = code
    self.message = message
    self.field = field
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }

  package var description: String { "\(code.rawValue): \(message)" }

  /// An argument that breaks a rule: "`field` `rule`".
  package static func invalid(_ field: String, _ rule: String) -> ServiceError {
    ServiceError(.invalidArgument, "\(field) \(rule).", field: field)
  }

  /// The one answer for a foreign id and for an unknown one.
  package static func notFound(_ what: String, field: String? = nil) -> ServiceError {
    ServiceError(.notFound, "There is no such \(what).", field: field)
  }
}
