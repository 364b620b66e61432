internal import Dispatch
internal import Foundation

extension Application {
  /// Runs a server, with the work that goes on beside it; then everything is stored.
  ///
  /// - Parameter stop: called when the process is asked to stop; makes the body return.
  func serve(until stop: @escaping @Sendable () -> Void, _ body: () throws -> Void) throws {
    let work = BackgroundWork(self)
    let signals = [SIGTERM, SIGINT].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { stop() }
      source.resume()
      return source
    }
    if !readOnly { work.start() }
    defer {
      work.stop()
      for source in signals { source.cancel() }
      // From here on a signal ends the process as usual, should closing take too long.
      for number in [SIGTERM, SIGINT] { signal(number, SIG_DFL) }
    }
    try body()
    try close()
  }
}
