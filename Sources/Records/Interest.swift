/// Whether whoever asked for the work of this thread still waits for it.
package enum Interest {
  /// Asked by work that has to wait, which ends with `CancellationError` when the answer is yes.
  @TaskLocal package static var isGone: @Sendable () -> Bool = { false }
}
