internal import VectorKernels

/// Writes the rows of a buffer as one segment.
///
/// Rows leave in the order of the file: users by their key's bytes, sessions of a user by theirs
/// (rows without a session first), rows of a session as they were inserted. Only the directory and
/// one stretch of rows are in memory at a time.
struct SegmentWriter {
  struct Stretch {
    let source: any RowSource
    let rows: Range<Int>
  }

  private struct Entry {
    var key: Range<Int>?
    var firstRow: Int
    var rows = 0
    var firstSession = 0
    var sessions = 0
    var user = 0
  }

  let configuration: VectorCollection.Configuration
  private(set) var stretches: [Stretch] = []
  private var users: [Entry] = []
  private var sessions: [Entry] = []
  private var keys: [UInt8] = []
  private(set) var rowCount = 0
  private var largestSquaredNorm: Float = 0
  private var sharesGroups = false

  /// Lists what is to be written: every row of the buffer that is not deleted.
  init(_ buffer: RowBuffer, _ configuration: VectorCollection.Configuration) throws(EngineError) {
    self.configuration = configuration
    let names = buffer.users.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for name in names {
      guard let user = buffer[name] else { continue }
      try add(name, user)
    }
  }

  private mutating func add(_ name: String, _ user: UserRows) throws(EngineError) {
    var entry = Entry(key: nil, firstRow: rowCount)
    entry.firstSession = sessions.count
    let ordered = user.sessions.sorted {
      switch ($0.key, $1.key) {
      case (let a?, let b?): a.utf8.lexicographicallyPrecedes(b.utf8)
      case (nil, _?): true
      default: false
      }
    }
    for session in ordered where user.liveCount(of: session) > 0 {
      var part = Entry(key: session.key.map { appendKey($0) }, firstRow: rowCount)
      part.user = users.count
      for run in user.runs(of: session) {
        try run.forEachLiveRange(SearchOptions()) { rows throws(EngineError) in
          stretches.append(Stretch(source: run.source, rows: rows))
          part.rows += rows.count
          if try run.sharesGroups(rows) { sharesGroups = true }
        }
        largestSquaredNorm = max(largestSquaredNorm, run.largestSquaredNorm)
      }
      rowCount += part.rows
      sessions.append(part)
    }
    entry.rows = rowCount - entry.firstRow
    entry.sessions = sessions.count - entry.firstSession
    guard entry.rows > 0 else { return }
    entry.key = appendKey(name)
    users.append(entry)
  }

  private mutating func appendKey(_ key: String) -> Range<Int> {
    let start = keys.count
    keys.append(contentsOf: key.utf8)
    return start..<keys.count
  }

  /// Writes the file and returns when it is durable. The name is the caller's to publish.
  func write(to path: String) throws(EngineError) {
    var output = ChecksummedOutput(try FolderFile(creating: path))
    let basis = try findDirections()
    let directions = (basis?.count ?? 0) / configuration.dimension
    let layout = layout(directions)
    let header = header(layout, directions)
    try output.write(header.span)
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withVectors(stretch.rows, body)
    }
    try output.padToChunk()
    try writeCodes(&output)
    try output.padToChunk()
    if let basis {
      let largestError = try writePrefixes(basis, &output)
      try output.padToChunk()
      try output.write((basis + [largestError]).span)
      try output.padToChunk()
    }
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withIDs(stretch.rows, body)
    }
    try output.padToChunk()
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withGroups(stretch.rows, body)
    }
    try output.padToChunk()
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withTimes(stretch.rows, body)
    }
    try output.padToChunk()
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withSquaredNorms(stretch.rows, body)
    }
    try output.padToChunk()
    for bytes in [users.flatMap(userEntry), sessions.flatMap(sessionEntry), keys] {
      try output.write(bytes.span)
      try output.padToChunk()
    }
    try output.finish(
      length: layout.fileLength, headerChecksum: header.span.number(at: 4092))
  }

  private func write<Element: BitwiseCopyable>(
    _ output: inout ChecksummedOutput,
    _ lend: (Stretch, (Span<Element>) throws(EngineError) -> Void) throws(EngineError) -> Void
  ) throws(EngineError) {
    for stretch in stretches {
      try lend(stretch) { span throws(EngineError) in try output.write(span) }
    }
  }

  /// Encodes the rows again: in the file they share blocks with other rows than in the buffer.
  private func writeCodes(_ output: inout ChecksummedOutput) throws(EngineError) {
    let layout = CodeLayout(dimension: configuration.dimension)
    var block = [UInt8](repeating: 0, count: layout.blockLength)
    var lane = 0
    for stretch in stretches {
      for row in stretch.rows {
        try stretch.source.withVectors(row..<(row + 1)) { vector in
          var target = block.mutableSpan
          layout.encode(vector, lane: lane, of: &target)
        }
        lane += 1
        guard lane == CodeLayout.lanes else { continue }
        try output.write(block.span)
        block = [UInt8](repeating: 0, count: layout.blockLength)
        lane = 0
      }
    }
    if lane > 0 { try output.write(block.span) }
  }

  private struct Layout {
    var sections: [(offset: Int, length: Int)] = []
    var fileLength = 0
  }

  private func layout(_ directions: Int) -> Layout {
    var layout = Layout()
    var offset = SegmentFormat.headerLength
    for section in SegmentFormat.Section.allCases {
      let length =
        switch section {
        case .vectors: rowCount * configuration.dimension * 4
        case .codes:
          CodeLayout.blocks(ofRows: rowCount)
            * CodeLayout(dimension: configuration.dimension).blockLength
        case .prefixes:
          directions == 0
            ? 0
            : CodeLayout.blocks(ofRows: rowCount) * CodeLayout(dimension: directions).blockLength
        case .basis: directions == 0 ? 0 : 4 * (directions * configuration.dimension + 1)
        case .ids, .groups, .times: rowCount * 8
        case .squaredNorms: rowCount * 4
        case .users: users.count * SegmentFormat.userEntryLength
        case .sessions: sessions.count * SegmentFormat.sessionEntryLength
        case .keys: keys.count
        case .checksums: offset / SegmentFormat.chunk * 4
        }
      layout.sections.append((offset, length))
      offset =
        section == .checksums ? offset + length : SegmentFormat.roundedUp(offset + length)
    }
    layout.fileLength = offset + SegmentFormat.footerLength
    return layout
  }

  private func header(_ layout: Layout, _ directions: Int) -> [UInt8] {
    var bytes = SegmentFormat.magic
    bytes.append(number: SegmentFormat.version)
    bytes.append(number: SegmentFormat.code(of: configuration.metric))
    for number in [
      configuration.dimension, rowCount, users.count, sessions.count, layout.fileLength,
    ] {
      bytes.append(number: UInt64(number))
    }
    for section in layout.sections {
      bytes.append(number: UInt64(section.offset))
      bytes.append(number: UInt64(section.length))
    }
    bytes.append(number: largestSquaredNorm.bitPattern)
    bytes.append(number: sharesGroups ? SegmentFormat.sharesGroupsFlag : 0)
    bytes.append(number: UInt32(directions))
    bytes.appendZeros(upTo: SegmentFormat.headerLength - 4)
    bytes.append(number: RowKernels().checksum(of: bytes.span))
    return bytes
  }

  private func userEntry(_ user: Entry) -> [UInt8] {
    entry(user) + number(user.firstSession) + number(user.sessions)
  }

  private func sessionEntry(_ session: Entry) -> [UInt8] {
    entry(session) + number(session.user)
  }

  private func entry(_ entry: Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt64(entry.key?.lowerBound ?? 0))
    bytes.append(number: entry.key.map { UInt64($0.count) } ?? SegmentFormat.noKey)
    return bytes + number(entry.firstRow) + number(entry.rows)
  }

  private func number(_ value: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt64(value))
    return bytes
  }
}
