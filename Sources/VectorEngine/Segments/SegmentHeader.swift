internal import VectorKernels

/// What the header and the footer of a segment say, checked against each other and the file.
struct SegmentHeader {
  let dimension: Int
  let metric: Metric
  let rowCount: Int
  let userCount: Int
  let sessionCount: Int
  let table: SectionTable
  /// No row is longer.
  let largestSquaredNorm: Float
  /// Whether some row's group is not its id.
  let sharesGroups: Bool
  /// How many directions the prefixes have; 0 without.
  let directions: Int
  let smallestID: UInt64
  let largestID: UInt64
  /// The checksum that the manifest names the file by.
  let checksum: UInt32

  init(_ file: MappedFile, _ path: String) throws(EngineError) {
    guard file.count >= SegmentFormat.headerLength + SegmentFormat.footerLength else {
      throw EngineError(.corrupt, "\(path) is truncated: it has no room for a header.")
    }
    let header = try file.withSpan(of: UInt8.self, offset: 0, count: SegmentFormat.headerLength) {
      span throws(EngineError) in span.bytes(0..<span.count)
    }
    let fields = header.span
    checksum = try Self.checksum(fields, path)
    guard let metric = SegmentFormat.metric(of: fields.number(at: SegmentFormat.Header.metric))
    else {
      throw EngineError(.unsupportedVersion, "\(path) names a metric that is not known here.")
    }
    self.metric = metric
    let numbers = (0..<5).map {
      Int(
        truncatingIfNeeded: fields.number(
          at: SegmentFormat.Header.numbers + 8 * $0, as: UInt64.self))
    }
    (dimension, rowCount, userCount, sessionCount) = (
      numbers[0], numbers[1], numbers[2], numbers[3]
    )
    guard numbers[4] == file.count else {
      throw EngineError(
        .corrupt, "\(path) is truncated: \(file.count) of \(numbers[4]) bytes are there.")
    }
    largestSquaredNorm = Float(
      bitPattern: fields.number(at: SegmentFormat.Header.largestSquaredNorm))
    guard largestSquaredNorm.isFinite, largestSquaredNorm >= 0 else {
      throw EngineError(.corrupt, "\(path): the largest norm is no number.")
    }
    let flags: UInt32 = fields.number(at: SegmentFormat.Header.flags)
    guard flags & SegmentFormat.requiredFlags == 0 else {
      throw EngineError(.unsupportedVersion, "\(path) was written by a newer version.")
    }
    sharesGroups = flags & SegmentFormat.sharesGroupsFlag != 0
    directions = Int(fields.number(at: SegmentFormat.Header.directions, as: UInt32.self))
    guard directions < max(1, dimension) else {
      throw EngineError(.corrupt, "\(path): the header names more directions than dimensions.")
    }
    smallestID = fields.number(at: SegmentFormat.Header.smallestID)
    largestID = fields.number(at: SegmentFormat.Header.largestID)
    table = try SectionTable(fields, fileLength: file.count, path)
    try checkLengths(path)
    try checkFooter(file, path)
  }

  private static func checksum(_ fields: Span<UInt8>, _ path: String) throws(EngineError) -> UInt32
  {
    guard fields.starts(with: SegmentFormat.magic) else {
      throw EngineError(.corrupt, "\(path) is damaged: it does not begin as a segment does.")
    }
    let version: UInt32 = fields.number(at: 8)
    guard version == SegmentFormat.version else {
      throw EngineError(
        .unsupportedVersion,
        "\(path) has format version \(version); this program reads \(SegmentFormat.version).")
    }
    let end = SegmentFormat.Header.checksum
    let checksum: UInt32 = fields.number(at: end)
    guard RowKernels().checksum(of: fields.extracting(0..<end)) == checksum else {
      throw EngineError(.corrupt, "\(path): the header is damaged.")
    }
    return checksum
  }

  private func checkLengths(_ path: String) throws(EngineError) {
    guard VectorCollection.Configuration.dimensions.contains(dimension) else {
      throw EngineError(.corrupt, "\(path): the header names no dimension.")
    }
    let limit = SegmentFormat.largestRowCount
    let isSound =
      (1...limit).contains(rowCount) && (1...limit).contains(userCount)
      && (1...limit).contains(sessionCount) && userCount <= sessionCount
      && sessionCount <= rowCount && smallestID <= largestID
    guard isSound else { throw EngineError(.corrupt, "\(path): the header's counts are damaged.") }
    // Below 2³² rows of at most 2¹⁶ dimensions nothing here can overflow.
    let lengths = SegmentLengths(
      dimension: dimension, rows: rowCount, users: userCount, sessions: sessionCount,
      directions: directions)
    for section in SegmentFormat.Section.allCases {
      let found = table[section].count
      let fits =
        switch section {
        case .keys: true
        case .sequencesAdded, .sequencesRemoved: found == 0 || found == 8 * rowCount
        case .checksums: found == table[.checksums].lowerBound / SegmentFormat.chunk * 4
        case .roots:
          found == SegmentFormat.roundedUp(table[.checksums].count) / SegmentFormat.chunk * 4
        default: found == lengths[section]
        }
      guard fits else {
        throw EngineError(.corrupt, "\(path): the section \(section) does not fit the rows.")
      }
    }
  }

  private func checkFooter(_ file: MappedFile, _ path: String) throws(EngineError) {
    let start = file.count - SegmentFormat.footerLength
    let roots = table[.roots]
    guard roots.upperBound == start else {
      throw EngineError(.corrupt, "\(path): the footer is not where it belongs.")
    }
    let sum = try file.withSpan(of: UInt8.self, offset: roots.lowerBound, count: roots.count) {
      RowKernels().checksum(of: $0)
    }
    let sound = try file.withSpan(
      of: UInt8.self, offset: start, count: SegmentFormat.footerLength
    ) { footer in
      footer.starts(with: SegmentFormat.endMagic)
        && footer.number(at: 8, as: UInt64.self) == UInt64(file.count)
        && footer.number(at: 16, as: UInt32.self) == sum
        && footer.number(at: 20, as: UInt32.self) == checksum
        && footer.number(at: 24, as: UInt64.self) == 0
    }
    guard sound else {
      throw EngineError(.corrupt, "\(path): the footer or the roots of the checksums are damaged.")
    }
  }
}

/// How long the sections of a segment are that follow from its counts.
struct SegmentLengths {
  let dimension: Int
  let rows: Int
  let users: Int
  let sessions: Int
  let directions: Int

  subscript(_ section: SegmentFormat.Section) -> Int {
    switch section {
    case .vectors: rows * dimension * 4
    case .codes:
      CodeLayout.blocks(ofRows: rows) * CodeLayout(dimension: dimension).blockLength
    case .prefixes:
      directions == 0
        ? 0 : CodeLayout.blocks(ofRows: rows) * CodeLayout(dimension: directions).blockLength
    case .basis: directions == 0 ? 0 : 4 * (directions * dimension + 1)
    case .ids, .groups, .times: rows * 8
    case .squaredNorms, .order: rows * 4
    case .users: users * SegmentFormat.userEntryLength
    case .sessions: sessions * SegmentFormat.sessionEntryLength
    case .keys, .sequencesAdded, .sequencesRemoved, .checksums, .roots: 0
    }
  }
}
