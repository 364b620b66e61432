package import Records

/// What the model is told of a call that failed: the one way from errors to replies.
package struct ToolFailure: Hashable, Sendable, Encodable {
  package let code: ServiceError.Code
  package let message: String
  package let field: String?
  package let retryAfterMilliseconds: Int?

  /// Every error has an answer; only `ServiceError` is written for callers, so of any other nothing
  /// is told but that it happened.
  package init(_ error: any Error) {
    let known =
      error as? ServiceError
      ?? ServiceError(.internal, "Something failed inside the server; its log has the details.")
    code = known.code
    message = known.message
    field = known.field
    retryAfterMilliseconds = known.retryAfterMilliseconds
  }

  /// The failure as JSON.
  package var text: String {
    do {
      return try JSON.text(self)
    } catch {
      // Strings and an integer always have a JSON form; this keeps the function total.
      return message
    }
  }

  private enum CodingKeys: String, CodingKey {
    case code, message, field
    case retryAfterMilliseconds = "retry_after_ms"
  }
}
