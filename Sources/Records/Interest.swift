#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Whether whoever asked for the work of this thread still waits for it.
///
/// Kept by the thread: a task-local value crashes Swift 6.3.1 where there is no task, and services run
/// on threads. The dictionary that Foundation keeps for a thread took a fortieth of a short request.
package enum Interest {
  private final class Question {
    let isGone: () -> Bool

    init(_ isGone: @escaping () -> Bool) { self.isGone = isGone }
  }

  /// Where a thread finds its question, which whoever asked it keeps alive.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let failure = unsafe pthread_key_create(&key, nil)
    precondition(failure == 0, "the system has no place for a thread's own value")
    return key
  }()

  /// Asked by work that has to wait, which ends with `CancellationError` when the answer is yes.
  package static func isGone() -> Bool {
    guard let question = unsafe pthread_getspecific(key) else { return false }
    return unsafe Unmanaged<Question>.fromOpaque(question).takeUnretainedValue().isGone()
  }

  /// Lets the body's waiting depend on the question.
  package static func depends<R>(
    on isGone: @escaping () -> Bool, _ body: () throws -> R
  ) rethrows -> R {
    let question = Question(isGone)
    let before = unsafe pthread_getspecific(key)
    unsafe pthread_setspecific(key, Unmanaged.passUnretained(question).toOpaque())
    defer {
      unsafe pthread_setspecific(key, before)
      withExtendedLifetime(question) {}
    }
    return try body()
  }
}
