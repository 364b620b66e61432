/// Comparing values by what they stand for, where `==` compares how they are written.
extension JSONValue {
  /// How one value stands to another of its kind.
  package enum Order: Hashable, Sendable {
    case before
    case same
    case after
  }

  /// Whether both are the same JSON: 1 is 1.0 but not true, and texts have the same scalars.
  ///
  /// Names of members are the same when Swift's strings are: a dictionary knows no other difference.
  package func equals(_ other: JSONValue) -> Bool {
    switch (self, other) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.array(let a), .array(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
    case (.object(let a), .object(let b)):
      a.count == b.count && a.allSatisfy { name, value in b[name].map(value.equals) ?? false }
    default: order(to: other) == .same
    }
  }

  /// The order of two numbers by value, exactly, or of two texts by their scalars; nil for others.
  package func order(to other: JSONValue) -> Order? {
    switch (self, other) {
    case (.integer(let a), .integer(let b)): Self.order(a, b)
    case (.number(let a), .number(let b)): a.isNaN || b.isNaN ? nil : Self.order(a, b)
    case (.integer(let a), .number(let b)): Self.order(a, b)
    case (.number(let a), .integer(let b)): Self.order(b, a)?.reversed
    case (.string(let a), .string(let b)):
      // UTF-8 sorts as its scalars do.
      if a.utf8.elementsEqual(b.utf8) {
        .same
      } else {
        a.utf8.lexicographicallyPrecedes(b.utf8) ? .before : .after
      }
    default: nil
    }
  }

  /// Whether this is a text with that text in it, or an array with an element that equals it.
  package func contains(_ part: JSONValue) -> Bool {
    switch (self, part) {
    case (.string(let text), .string(let part)):
      part.isEmpty || text.utf8.firstRange(of: part.utf8) != nil
    case (.array(let elements), _): elements.contains { $0.equals(part) }
    default: false
    }
  }

  private static func order<T: Comparable>(_ a: T, _ b: T) -> Order {
    a < b ? .before : a == b ? .same : .after
  }

  /// Without rounding the integer, which above 2⁵³ would make different numbers equal.
  private static func order(_ a: Int64, _ b: Double) -> Order? {
    guard !b.isNaN else { return nil }
    guard b < 0x1p63 else { return .before }
    guard b >= -0x1p63 else { return .after }
    let whole = b.rounded(.down)
    let order = order(a, Int64(whole))
    return order == .same && whole < b ? .before : order
  }
}

extension JSONValue.Order {
  fileprivate var reversed: JSONValue.Order {
    switch self {
    case .before: .after
    case .same: .same
    case .after: .before
    }
  }
}
