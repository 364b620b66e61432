internal import Foundation

/// A bar on standard error while something long goes on; silent when nobody watches.
final class ProgressBar {
  private let title: String
  private let isShown = isatty(2) == 1
  private var lastShown = ContinuousClock.now - .seconds(1)

  init(_ title: String) { self.title = title }

  /// Shows how far it is, at most ten times a second.
  func show(_ done: Int, of total: Int, _ unit: String) {
    guard isShown else { return }
    let now = ContinuousClock.now
    guard done >= total || now - lastShown > .milliseconds(100) else { return }
    lastShown = now
    let width = 30
    let filled = total == 0 ? width : min(width, done * width / total)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    write("\r\(title) \(bar) \(done) of \(total) \(unit)")
    if done >= total { write("\n") }
  }

  /// Shows a step of work whose length is not known.
  func step(_ text: String) {
    if isShown { write("\(title): \(text)\n") }
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
