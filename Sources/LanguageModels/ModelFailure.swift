internal import Records

/// Why a model did not answer.
///
/// It says nothing of what was sent or came back: an answer of status 401 may repeat the key.
package struct ModelFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    /// No connection, or one that ended too early.
    case unreachable
    /// The time that is given to an answer is over.
    case timedOut = "timed out"
    /// It will not do this, however often it is asked.
    case refused
    /// It does not take requests of this form.
    case unfit
    /// Too much was asked of it.
    case overloaded
    /// Something went wrong with it.
    case failed
    /// What came is no answer.
    case malformed
    /// Nobody waits for the answer any more.
    case abandoned
  }

  package let code: Code
  /// What is wrong, as the end of a sentence about the model.
  package let reason: String
  /// When it wants to be asked again.
  package let retryAfter: Duration?

  package init(_ code: Code, _ reason: String, retryAfter: Duration? = nil) {
    self.code = code
    self.reason = reason
    self.retryAfter = retryAfter
  }

  package var description: String { "\(code.rawValue): the model \(reason)" }

  /// Whether asking once more may help.
  var isPassing: Bool {
    switch code {
    case .unreachable, .overloaded, .failed: true
    case .timedOut, .refused, .unfit, .malformed, .abandoned: false
    }
  }

  /// What this is to whoever called a verb.
  ///
  /// - Parameter consequence: what became of the call, as a sentence.
  package func error(_ consequence: String) -> any Error {
    if code == .abandoned { return CancellationError() }
    return ServiceError(
      .unavailable, "The language model \(reason). \(consequence)",
      retryAfterMilliseconds: retryAfter.map { Int($0 / .milliseconds(1)) })
  }
}
