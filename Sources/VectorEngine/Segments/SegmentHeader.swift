internal import VectorKernels

/// What the header and the footer of a segment say, checked against each other and the file.
struct SegmentHeader {
  let dimension: Int
  let metric: Metric
  let rowCount: Int
  let userCount: Int
  let sessionCount: Int
  let sections: [Range<Int>]
  /// No row is longer.
  let largestSquaredNorm: Float
  /// Whether some row's group is not its id.
  let sharesGroups: Bool
  /// How many directions the prefixes have; 0 without.
  let directions: Int

  init(_ file: MappedFile, _ path: String) throws(EngineError) {
    guard file.count >= SegmentFormat.headerLength + SegmentFormat.footerLength else {
      throw EngineError(.corrupt, "\(path) is truncated: it has no room for a header.")
    }
    let header = try file.withSpan(of: UInt8.self, offset: 0, count: SegmentFormat.headerLength) {
      span throws(EngineError) in
      var bytes: [UInt8] = []
      bytes.reserveCapacity(span.count)
      for i in span.indices { bytes.append(span[i]) }
      return bytes
    }
    let fields = header.span
    guard fields.starts(with: SegmentFormat.magic) else {
      throw EngineError(.corrupt, "\(path) is damaged: it does not begin as a segment does.")
    }
    let version: UInt32 = fields.number(at: 8)
    guard version == SegmentFormat.version else {
      throw EngineError(
        .unsupportedVersion,
        "\(path) has format version \(version); this program reads \(SegmentFormat.version).")
    }
    let checksum: UInt32 = fields.number(at: 4092)
    guard RowKernels().checksum(of: fields.extracting(0..<4092)) == checksum else {
      throw EngineError(.corrupt, "\(path): the header is damaged.")
    }
    guard let metric = SegmentFormat.metric(of: fields.number(at: 12)) else {
      throw EngineError(.unsupportedVersion, "\(path) names a metric that is not known here.")
    }
    self.metric = metric
    let numbers = (0..<5).map {
      Int(truncatingIfNeeded: fields.number(at: 16 + 8 * $0, as: UInt64.self))
    }
    (dimension, rowCount, userCount, sessionCount) = (
      numbers[0], numbers[1], numbers[2], numbers[3]
    )
    guard numbers[4] == file.count else {
      throw EngineError(
        .corrupt, "\(path) is truncated: \(file.count) of \(numbers[4]) bytes are there.")
    }
    largestSquaredNorm = Float(bitPattern: fields.number(at: SegmentFormat.largestNormOffset))
    sharesGroups =
      fields.number(at: SegmentFormat.largestNormOffset + 4, as: UInt32.self)
      & SegmentFormat.sharesGroupsFlag != 0
    guard largestSquaredNorm.isFinite, largestSquaredNorm >= 0 else {
      throw EngineError(.corrupt, "\(path): the largest norm is no number.")
    }
    directions = Int(fields.number(at: SegmentFormat.largestNormOffset + 8, as: UInt32.self))
    guard directions < dimension else {
      throw EngineError(.corrupt, "\(path): the header names more directions than dimensions.")
    }
    sections = try Self.sections(fields, file, path)
    try checkLengths(path)
    try Self.checkFooter(file, path, headerChecksum: checksum, checksums: sections.last ?? 0..<0)
  }

  private static func sections(
    _ fields: Span<UInt8>, _ file: MappedFile, _ path: String
  ) throws(EngineError) -> [Range<Int>] {
    var sections: [Range<Int>] = []
    var end = SegmentFormat.headerLength
    for index in SegmentFormat.Section.allCases.indices {
      let offset = fields.number(at: 56 + 16 * index, as: UInt64.self)
      let length = fields.number(at: 64 + 16 * index, as: UInt64.self)
      guard offset == UInt64(SegmentFormat.roundedUp(end)), length <= UInt64(file.count),
        offset + length <= UInt64(file.count - SegmentFormat.footerLength)
      else { throw EngineError(.corrupt, "\(path): the table of sections is damaged.") }
      end = Int(offset + length)
      sections.append(Int(offset)..<end)
    }
    return sections
  }

  private func checkLengths(_ path: String) throws(EngineError) {
    let lengths = sections.map(\.count)
    let (elements, overflow) = rowCount.multipliedReportingOverflow(by: dimension)
    guard VectorCollection.Configuration.dimensions.contains(dimension) else {
      throw EngineError(.corrupt, "\(path): the header names no dimension.")
    }
    let ofBlock = CodeLayout(dimension: dimension).blockLength
    let (codes, codesOverflow) = CodeLayout.blocks(ofRows: max(0, min(rowCount, Int.max / 2)))
      .multipliedReportingOverflow(by: ofBlock)
    let prefixLength =
      directions == 0 ? 0 : codes / ofBlock * CodeLayout(dimension: directions).blockLength
    let basisLength = directions == 0 ? 0 : 4 * (directions * dimension + 1)
    let fits =
      !overflow && !codesOverflow && rowCount >= 0 && userCount >= 0 && sessionCount >= 0
      && elements <= Int.max / 4 && rowCount <= Int.max / 8 && userCount <= Int.max / 64
      && sessionCount <= Int.max / 64
      && lengths.prefix(10) == [
        4 * elements, codes, prefixLength, basisLength, 8 * rowCount, 8 * rowCount, 8 * rowCount,
        4 * rowCount,
        SegmentFormat.userEntryLength * userCount, SegmentFormat.sessionEntryLength * sessionCount,
      ]
      && lengths[11] == sections[11].lowerBound / SegmentFormat.chunk * 4
    guard fits else {
      throw EngineError(.corrupt, "\(path): the sections do not fit the number of rows.")
    }
  }

  private static func checkFooter(
    _ file: MappedFile, _ path: String, headerChecksum: UInt32, checksums: Range<Int>
  ) throws(EngineError) {
    let start = file.count - SegmentFormat.footerLength
    guard checksums.upperBound == start else {
      throw EngineError(.corrupt, "\(path): the footer is not where it belongs.")
    }
    let length = SegmentFormat.footerLength
    let sum = try file.withSpan(
      of: UInt8.self, offset: checksums.lowerBound, count: checksums.count
    ) {
      RowKernels().checksum(of: $0)
    }
    let sound = try file.withSpan(of: UInt8.self, offset: start, count: length) { footer in
      footer.starts(with: SegmentFormat.endMagic)
        && footer.number(at: 8, as: UInt64.self) == UInt64(file.count)
        && footer.number(at: 16, as: UInt32.self) == sum
        && footer.number(at: 20, as: UInt32.self) == headerChecksum
        && footer.number(at: 24, as: UInt64.self) == 0
    }
    guard sound else {
      throw EngineError(.corrupt, "\(path): the footer or the table of checksums is damaged.")
    }
  }
}
