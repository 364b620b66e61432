#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Threads that live for one piece of work, so that the pool of the concurrency runtime is never kept
/// busy by it.
///
/// Starting one takes some 20 µs: only for work that lasts much longer.
package enum OwnThreads {
  /// Calls the body with 0 to `count` − 1, each on a thread of its own (0 on the calling one), and
  /// returns when all calls have. Numbers for which the system has no thread are called here as well.
  package static func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      var others: [pthread_t] = []
      var left: [Int] = [0]
      for number in 1..<max(1, count) {
        if let thread = start({ body(number) }) {
          others.append(thread)
        } else {
          left.append(number)
        }
      }
      for number in left { body(number) }
      for thread in others { join(thread) }
    }
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  #if canImport(Glibc)
  private static func join(_ thread: pthread_t) { pthread_join(thread, nil) }

  private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    let work = unsafe Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let failure = unsafe pthread_create(
      &thread, nil,
      { context in
        if let context = unsafe context {
          unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        }
        return nil
      }, work.toOpaque())
    if failure == 0 { return thread }
    unsafe work.release()
    return nil
  }
  #else
  private static func join(_ thread: pthread_t) { unsafe pthread_join(thread, nil) }

  private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    let work = unsafe Unmanaged.passRetained(Work(body))
    var thread: pthread_t?
    let failure = unsafe pthread_create(
      &thread, nil,
      { context in
        unsafe Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    if failure == 0 { return unsafe thread }
    unsafe work.release()
    return nil
  }
  #endif
}
