internal import EmbeddedBackend
internal import Embeddings
internal import Records
internal import VectorEngine

/// What an error of any layer means to whoever started the program.
package struct Failure: Sendable {
  /// What can be done about it.
  package enum Kind: Sendable {
    /// What was asked for is not there.
    case no
    /// The request was wrong.
    case wrongUse
    /// The data is damaged.
    case damaged
    /// Something needed is missing or cannot be reached.
    case unavailable
    /// A bug of ours.
    case bug
  }

  package let kind: Kind
  package let message: String

  /// Total: an error that no layer of ours throws is a bug.
  package init(_ error: any Error) {
    switch error {
    case let error as ServiceError: (kind, message) = (Self.kind(of: error.code), error.message)
    case let error as StorageError:
      (kind, message) = (error.code == .damaged ? .damaged : .unavailable, error.message)
    case let error as EngineError: (kind, message) = (Self.kind(of: error.code), error.message)
    case let error as EmbeddingError:
      (kind, message) = (error.code == .modelDamaged ? .damaged : .unavailable, error.message)
    default: (kind, message) = (.bug, "This should not happen; please report it: \(error)")
    }
  }

  private static func kind(of code: ServiceError.Code) -> Kind {
    switch code {
    case .invalidArgument, .conflict, .limitExceeded: .wrongUse
    case .notFound, .sessionExpired: .no
    case .unauthorized, .forbidden, .unavailable: .unavailable
    case .internal: .bug
    }
  }

  private static func kind(of code: EngineError.Code) -> Kind {
    switch code {
    case .corrupt: .damaged
    case .invalidArgument, .foreignID, .notAnIndex, .conflict: .wrongUse
    case .unsupportedVersion, .busy, .inputOutput: .unavailable
    }
  }
}
