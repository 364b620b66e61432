internal import Foundation
internal import VectorEngine

/// Fills an index folder from files whose rows belong together.
struct IndexBuilder {
  let input: VectorFile
  let metric: Metric
  /// A key for each row. A row without one belongs to the user whose key is empty.
  let users: [String]?
  /// A key for each row; an empty one is no session.
  let sessions: [String]?
  /// An id for each row; without, the row's number.
  let ids: [UInt64]?

  /// Rows that are read and stored together: 32 MiB.
  private var rowsOfBatch: Int { Self.powerOfTwo(atMost: (32 << 20) / (4 * input.dimension)) }

  /// Rows of one sealed file: 1 GiB at most, which bounds the memory of a build. A power of two,
  /// because the engine's buffer grows by doubling.
  private var rowsOfSegment: Int {
    max(rowsOfBatch, Self.powerOfTwo(atMost: (1 << 30) / (4 * input.dimension)))
  }

  private static func powerOfTwo(atMost limit: Int) -> Int {
    limit < 1 ? 1 : 1 << (Int.bitWidth - 1 - limit.leadingZeroBitCount)
  }

  /// Makes the index in a folder that is not there yet.
  ///
  /// - Parameter progress: told how many rows are stored.
  /// - Throws: `InputError` naming the row that the metric refuses.
  func build(at url: URL, progress: (Int) -> Void) throws {
    let collection = try VectorCollection(
      at: url, .init(dimension: input.dimension, metric: metric))
    let order = order
    var batch = VectorBatch(ids: [], scopes: [], rows: [])
    for start in stride(from: 0, to: input.count, by: rowsOfBatch) {
      let places = start..<min(start + rowsOfBatch, input.count)
      let rows = order.map { $0[places] } ?? ArraySlice(places)
      try input.read(rows, into: &batch.rows)
      batch.ids = rows.map { ids?[$0] ?? UInt64($0) }
      batch.groups = batch.ids
      batch.scopes = rows.map(scope)
      batch.times = [Int64](repeating: 0, count: rows.count)
      try store(batch, rows, in: collection)
      if places.upperBound % rowsOfSegment == 0 { try collection.flush() }
      progress(places.upperBound)
    }
    try collection.flush()
  }

  private func store(
    _ batch: VectorBatch, _ rows: ArraySlice<Int>, in collection: VectorCollection
  ) throws {
    do {
      try collection.upsert(batch)
    } catch {
      guard error.code == .invalidArgument else { throw error }
      // The engine counts within the batch; who made the file counts within the file.
      for (place, row) in rows.enumerated() {
        let elements = (place * input.dimension)..<((place + 1) * input.dimension)
        if let objection = metric.objection(to: batch.rows.span.extracting(elements)) {
          throw InputError(
            .wrongUse, "\(input.path), row \(row) (counted from 0), \(objection)")
        }
      }
      throw error
    }
  }

  private func scope(_ row: Int) -> RowScope {
    let session = sessions?[row] ?? ""
    return RowScope(user: users?[row] ?? "", session: session.isEmpty ? nil : session)
  }

  /// The rows user by user, when there is more than one sealed file: so that each user lies in as
  /// few of them as possible. Nil for the order of the input.
  private var order: [Int]? {
    guard let users, input.count > rowsOfSegment else { return nil }
    var numbers: [String: Int] = [:]
    var members: [[Int]] = []
    for (row, user) in users.enumerated() {
      if let number = numbers[user] {
        members[number].append(row)
      } else {
        numbers[user] = members.count
        members.append([row])
      }
    }
    return members.flatMap { $0 }
  }
}
