/// One field of a memory held against what a caller sent.
struct FilterComparison: Hashable, Sendable {
  let field: FilterField
  let test: Test

  enum Test: Hashable, Sendable {
    case equals(JSONValue)
    case differs(JSONValue)
    case isOne([JSONValue])
    /// The field stands in one of these orders to the value.
    case isOrdered([JSONValue.Order], JSONValue)
    case exists(Bool)
    case contains(JSONValue)
  }

  func matches(_ subject: FilterSubject) -> Bool {
    guard let value = field.value(in: subject) else {
      switch test {
      case .differs, .exists(false): return true
      case .equals, .isOne, .isOrdered, .exists(true), .contains: return false
      }
    }
    switch test {
    case .equals(let other): return value.equals(other)
    case .differs(let other): return !value.equals(other)
    case .isOne(let others): return others.contains { value.equals($0) }
    case .isOrdered(let orders, let other):
      return value.order(to: other).map(orders.contains) ?? false
    case .exists(let wanted): return wanted
    case .contains(let part): return value.contains(part)
    }
  }
}

/// The operators by the names that callers use.
enum FilterOperator: String, CaseIterable {
  case eq, ne, `in`, gt, gte, lt, lte, exists, contains

  /// For the operators that ask for an order: which ones they accept.
  var orders: [JSONValue.Order]? {
    switch self {
    case .gt: [.after]
    case .gte: [.after, .same]
    case .lt: [.before]
    case .lte: [.before, .same]
    case .eq, .ne, .in, .exists, .contains: nil
    }
  }
}
