/// A text that nobody is to read: printed, reflected or logged it is a mask.
package struct Secret: Hashable, Sendable {
  /// The text itself, for the one place that sends it.
  let revealed: String

  package init(_ text: String) { revealed = text }

  /// Whether it may stand in the head of a request: visible ASCII, and something at all.
  package var isFieldValue: Bool {
    !revealed.isEmpty && revealed.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// What stands for any secret, whatever its length.
  package static let mask = "••••••"
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { Self.mask }
  package var debugDescription: String { Self.mask }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
