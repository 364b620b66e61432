/// The ids of the rows, what others keep beside them, and where rows have gone.
extension SegmentWriter {
  /// The ids in the order of the file.
  ///
  /// - Complexity: O(rows).
  func ids() throws(EngineError) -> [UInt64] {
    var ids: [UInt64] = []
    ids.reserveCapacity(rowCount)
    for stretch in stretches {
      try stretch.source.withIDs(stretch.rows) { span in
        for i in span.indices { ids.append(span[i]) }
      }
    }
    return ids
  }

  /// The rows in the order of their ids.
  static func order(_ ids: [UInt64]) -> [UInt32] {
    var order: [UInt32] = []
    order.reserveCapacity(ids.count)
    for row in ids.indices { order.append(UInt32(truncatingIfNeeded: row)) }
    order.sort { ids[Int($0)] < ids[Int($1)] }
    return order
  }

  /// Asks for side sections.
  ///
  /// - Parameter inputs: the sealed files that rows come from.
  func sides(
    _ maker: SideSectionMaker?, ids: [UInt64], _ inputs: [SealedRows] = []
  ) throws(EngineError) -> SideSections {
    guard let maker else { return [:] }
    let origins = stretches.map { stretch in
      SegmentDraft.Origin(
        segment: inputs.first { $0.segment === stretch.source }.map { SealedSegment(sealed: $0) },
        rows: stretch.rows)
    }
    return try maker(SegmentDraft(ids: ids, origins: origins))
  }

  private static let largestSideCount = 40

  /// The sections in the order of the file, by the bytes of their names.
  static func sorted(
    _ sides: SideSections
  ) throws(EngineError) -> [(name: String, content: SideContent)] {
    guard sides.count <= largestSideCount else {
      throw EngineError(
        .invalidArgument, "A file has at most \(largestSideCount) side sections.")
    }
    for name in sides.keys {
      let length = name.utf8.count
      guard (1...SegmentFormat.TableEntry.nameLength).contains(length), !name.utf8.contains(0)
      else {
        throw EngineError(
          .invalidArgument, "A side section's name has 1 to 32 bytes, none of them zero.")
      }
    }
    return sides.map { ($0.key, $0.value) }
      .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }
}

/// Where the rows of segments are after they were written to another one.
struct MovedRows {
  /// By the name of the segment, which is never used again: a refresh may open a segment a second time.
  private var stretches: [String: [SegmentWriter.Stretch]] = [:]

  init(_ writer: SegmentWriter, _ inputs: [SealedRows]) {
    var names: [ObjectIdentifier: String] = [:]
    for input in inputs { names[ObjectIdentifier(input.segment)] = input.segment.name }
    // Users and sessions are in the same order in every segment, so each list is sorted.
    for stretch in writer.stretches {
      guard let name = names[ObjectIdentifier(stretch.source)] else { continue }
      stretches[name, default: []].append(stretch)
    }
  }

  /// The new place of a row; nil when it was left out.
  func place(of row: Int, in segment: Segment) -> Int? {
    guard let known = stretches[segment.name] else { return nil }
    var low = 0
    var high = known.count
    while low < high {
      let middle = (low + high) / 2
      if known[middle].rows.upperBound <= row { low = middle + 1 } else { high = middle }
    }
    guard low < known.count, known[low].rows.contains(row) else { return nil }
    return known[low].start + row - known[low].rows.lowerBound
  }

  /// The marks of segments on the rows that were taken over.
  func marks(_ inputs: [(segment: Segment, dead: RowMask)]) -> RowMask {
    var marks = RowMask()
    for (segment, dead) in inputs {
      for row in dead.rows {
        if let place = place(of: row, in: segment) { _ = marks.insert(place) }
      }
    }
    return marks
  }
}
