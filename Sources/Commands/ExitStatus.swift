internal import App

/// How the command ends, as scripts see it.
enum ExitStatus: Int32, Error {
  case done = 0
  /// The command ran and the answer is "no".
  case no = 1
  case wrongUse = 2
  /// The data is damaged.
  case damaged = 3
  /// Something needed is missing or unreachable.
  case unavailable = 4
  /// A bug of ours.
  case bug = 70
}

/// A file or folder that the command cannot use, and how it ends because of that.
struct InputError: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus = .wrongUse, _ message: String) {
    self.status = status
    self.message = message
  }
}

/// What any error means to the person at the command line; total.
struct CommandFailure {
  let status: ExitStatus
  let message: String

  init(_ error: any Error) {
    if let error = error as? InputError {
      (status, message) = (error.status, error.message.withVisibleControls)
      return
    }
    let failure = Failure(error)
    message = failure.message.withVisibleControls
    status =
      switch failure.kind {
      case .no: .no
      case .wrongUse: .wrongUse
      case .damaged: .damaged
      case .unavailable: .unavailable
      case .bug: .bug
      }
  }
}
