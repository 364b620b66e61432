import Foundation

/// One page of a list and how long the whole list is.
package struct RecordPage<Record: Sendable>: Sendable {
  package let records: [Record]
  package let total: Int
  /// Where the next page begins; nil on the last one.
  package let next: PageCursor?

  package init(records: [Record], total: Int, next: PageCursor?) {
    self.records = records
    self.total = total
    self.next = next
  }
}

/// A place in a list that is ordered by a time and an id, both descending: after the record that has
/// them. New records do not shift it.
package struct PageCursor: Hashable, Sendable {
  package let time: Timestamp
  package let id: String

  package init(time: Timestamp, id: String) {
    self.time = time
    self.id = id
  }

  /// The cursor as callers see it; its inside is not theirs to know.
  package var text: String {
    Data("1/\(time.milliseconds)/\(id)".utf8).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Reads a cursor that a list gave.
  ///
  /// - Throws: `invalid_argument` naming `cursor`.
  package init(_ text: String) throws(ServiceError) {
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    let padded = base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)
    let parts = Data(base64Encoded: padded)
      .flatMap { String(data: $0, encoding: .utf8) }?
      .split(separator: "/", omittingEmptySubsequences: false)
    guard let parts, parts.count == 3, parts[0] == "1", let time = Int64(parts[1]) else {
      throw .invalid("cursor", "is not one that a list returned: use next_cursor as it is")
    }
    self.init(time: Timestamp(milliseconds: time), id: String(parts[2]))
  }
}

/// Which sessions of a user, and which page of them.
package struct SessionPage: Sendable {
  /// Only sessions that are neither expired nor without activity since then; nil for all.
  package var activeSince: Timestamp?
  package var limit: Int
  package var after: PageCursor?

  package init(activeSince: Timestamp?, limit: Int, after: PageCursor? = nil) {
    self.activeSince = activeSince
    self.limit = limit
    self.after = after
  }
}

/// Which memories of a scope are meant.
package struct MemoryFilter: Hashable, Sendable {
  /// Only these types, when given.
  package var types: [String]?
  /// Only what happened (or, where that is not known, was stored) at or after this.
  package var since: Timestamp?
  /// Only what happened (or was stored) at or before this.
  package var until: Timestamp?
  /// Only what this matches, when given.
  package var expression: FilterExpression?

  package init(
    types: [String]? = nil, since: Timestamp? = nil, until: Timestamp? = nil,
    expression: FilterExpression? = nil
  ) {
    self.types = types
    self.since = since
    self.until = until
    self.expression = expression
  }

  package var isEmpty: Bool {
    types == nil && since == nil && until == nil && expression == nil
  }
}

/// Which memories of a scope, and which page of them.
package struct MemoryPage: Sendable {
  package var filter: MemoryFilter
  package var limit: Int
  package var after: PageCursor?

  package init(filter: MemoryFilter = MemoryFilter(), limit: Int, after: PageCursor? = nil) {
    self.filter = filter
    self.limit = limit
    self.after = after
  }
}
