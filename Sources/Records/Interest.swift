import Foundation

/// Whether whoever asked for the work of this thread still waits for it.
///
/// Kept by the thread: a task-local value crashes Swift 6.3.1 where there is no task, and services run
/// on threads.
package enum Interest {
  private final class Question {
    let isGone: () -> Bool

    init(_ isGone: @escaping () -> Bool) { self.isGone = isGone }
  }

  private static let key = "recollect.interest"

  /// Asked by work that has to wait, which ends with `CancellationError` when the answer is yes.
  package static func isGone() -> Bool {
    (Thread.current.threadDictionary[key] as? Question)?.isGone() ?? false
  }

  /// Lets the body's waiting depend on the question.
  package static func depends<R>(
    on isGone: @escaping () -> Bool, _ body: () throws -> R
  ) rethrows -> R {
    let values = Thread.current.threadDictionary
    let before = values[key]
    values[key] = Question(isGone)
    defer { values[key] = before }
    return try body()
  }
}
