internal import VectorKernels

/// Writes rows of a buffer, or of other segments, as one segment.
///
/// Rows leave in the order of the file: users by their key's bytes, sessions of a user by theirs
/// (rows without a session first), rows of a session as they were inserted. Only the directory, the
/// ids and one stretch of rows are in memory at a time.
struct SegmentWriter {
  struct Stretch {
    let source: any RowSource
    var rows: Range<Int>
    /// The place of the first of them in the new file.
    let start: Int
  }

  /// The rows of one session, oldest first.
  struct SessionRuns {
    let key: String?
    var runs: [RowRun]
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

  /// Begins with no rows.
  init(_ configuration: VectorCollection.Configuration) {
    self.configuration = configuration
  }

  /// Lists what is to be written: every row of the buffer that is not deleted.
  init(_ buffer: RowBuffer, _ configuration: VectorCollection.Configuration) throws(EngineError) {
    self.init(configuration)
    let names = buffer.users.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for name in names {
      guard let user = buffer[name] else { continue }
      let ordered = user.sessions.sorted { KeyOrder.precedes($0.key, $1.key) }
      try add(name, ordered.map { SessionRuns(key: $0.key, runs: user.runs(of: $0)) })
    }
  }

  /// Lists the rows of a user that are not deleted; users come in the order of their keys, and so do
  /// the sessions.
  mutating func add(_ name: String, _ runs: [SessionRuns]) throws(EngineError) {
    var entry = Entry(key: nil, firstRow: rowCount)
    entry.firstSession = sessions.count
    for session in runs where session.runs.contains(where: { $0.liveCount > 0 }) {
      var part = Entry(key: session.key.map { appendKey($0) }, firstRow: rowCount)
      part.user = users.count
      for run in session.runs where run.liveCount > 0 {
        try run.forEachLiveRange(SearchOptions()) { rows throws(EngineError) in
          append(rows, of: run.source)
          if try run.sharesGroups(rows) { sharesGroups = true }
        }
        largestSquaredNorm = max(largestSquaredNorm, run.largestSquaredNorm)
      }
      part.rows = rowCount - part.firstRow
      sessions.append(part)
    }
    entry.rows = rowCount - entry.firstRow
    entry.sessions = sessions.count - entry.firstSession
    guard entry.rows > 0 else { return }
    entry.key = appendKey(name)
    users.append(entry)
  }

  private mutating func append(_ rows: Range<Int>, of source: any RowSource) {
    if let last = stretches.last, last.source === source, last.rows.upperBound == rows.lowerBound {
      stretches[stretches.count - 1].rows = last.rows.lowerBound..<rows.upperBound
    } else {
      stretches.append(Stretch(source: source, rows: rows, start: rowCount))
    }
    rowCount += rows.count
  }

  private mutating func appendKey(_ key: String) -> Range<Int> {
    let start = keys.count
    keys.append(contentsOf: key.utf8)
    return start..<keys.count
  }

  // MARK: Writing

  /// Writes the file and returns when it is durable. The name is the caller's to publish.
  func write(
    to path: String, _ files: any FileSystem, ids: [UInt64], _ sides: SideSections = [:]
  ) throws(EngineError) {
    guard rowCount <= SegmentFormat.largestRowCount else {
      throw EngineError(.invalidArgument, "A sealed file has at most 2^32 - 1 rows.")
    }
    let sides = try Self.sorted(sides)
    var output = ChecksummedOutput(try files.create(path))
    let basis = try findDirections()
    let order = Self.order(ids)
    let directions = (basis?.count ?? 0) / configuration.dimension
    let lengths = SegmentLengths(
      dimension: configuration.dimension, rows: rowCount, users: users.count,
      sessions: sessions.count, directions: directions)
    let table = SectionTable(sides: sides.map { ($0.name, $0.content.length) }) {
      $0 == .keys ? keys.count : lengths[$0]
    }
    let header = header(table, directions, ids: ids, order)
    try output.write(header.span)
    try writePlanes(&output, basis)
    for bytes in [users.flatMap(userEntry), sessions.flatMap(sessionEntry), keys] {
      try output.write(bytes.span)
      try output.padToChunk()
    }
    try output.write(order.span)
    try output.padToChunk()
    for side in sides { try Self.write(side.name, side.content, &output) }
    try output.finish(
      length: table.fileLength,
      headerChecksum: header.span.number(at: SegmentFormat.Header.checksum))
  }

  private static func write(
    _ name: String, _ content: SideContent, _ output: inout ChecksummedOutput
  ) throws(EngineError) {
    var length = 0
    try content.write { (bytes) throws(EngineError) in
      length += bytes.count
      try output.write(bytes)
    }
    guard length == content.length else {
      throw EngineError(
        .invalidArgument,
        "The side section \(name) has \(length) bytes, not \(content.length) as was said.")
    }
    try output.padToChunk()
  }

  private func writePlanes(
    _ output: inout ChecksummedOutput, _ basis: [Float]?
  ) throws(EngineError) {
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withVectors(stretch.rows, body)
    }
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
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withGroups(stretch.rows, body)
    }
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withTimes(stretch.rows, body)
    }
    try write(&output) { (stretch, body) throws(EngineError) in
      try stretch.source.withSquaredNorms(stretch.rows, body)
    }
  }

  /// So many rows are read of a source at a time, and after so many its memory is given back.
  private static let rowsOfPiece = 8192

  private func write<Element: BitwiseCopyable>(
    _ output: inout ChecksummedOutput,
    _ lend: (Stretch, (Span<Element>) throws(EngineError) -> Void) throws(EngineError) -> Void
  ) throws(EngineError) {
    var pacer = ReadingPacer()
    for stretch in stretches {
      for start in stride(
        from: stretch.rows.lowerBound, to: stretch.rows.upperBound, by: Self.rowsOfPiece)
      {
        var piece = stretch
        piece.rows = start..<min(start + Self.rowsOfPiece, stretch.rows.upperBound)
        try lend(piece) { span throws(EngineError) in try output.write(span) }
        pacer.note(piece.rows.count, of: piece.source)
      }
    }
    pacer.finish()
    try output.padToChunk()
  }

  /// Encodes the rows again: in the file they share blocks with other rows than where they come from.
  private func writeCodes(_ output: inout ChecksummedOutput) throws(EngineError) {
    let layout = CodeLayout(dimension: configuration.dimension)
    var block = [UInt8](repeating: 0, count: layout.blockLength)
    var lane = 0
    var pacer = ReadingPacer()
    for stretch in stretches {
      for row in stretch.rows {
        try stretch.source.withVectors(row..<(row + 1)) { vector in
          var target = block.mutableSpan
          layout.encode(vector, lane: lane, of: &target)
        }
        pacer.note(1, of: stretch.source)
        lane += 1
        guard lane == CodeLayout.lanes else { continue }
        try output.write(block.span)
        block = [UInt8](repeating: 0, count: layout.blockLength)
        lane = 0
      }
    }
    pacer.finish()
    if lane > 0 { try output.write(block.span) }
  }

  private func header(
    _ table: SectionTable, _ directions: Int, ids: [UInt64], _ order: [UInt32]
  ) -> [UInt8] {
    var bytes = SegmentFormat.magic
    bytes.append(number: SegmentFormat.version)
    bytes.append(number: SegmentFormat.code(of: configuration.metric))
    for number in [
      configuration.dimension, rowCount, users.count, sessions.count, table.fileLength,
    ] {
      bytes.append(number: UInt64(number))
    }
    bytes.append(number: largestSquaredNorm.bitPattern)
    bytes.append(number: sharesGroups ? SegmentFormat.sharesGroupsFlag : 0)
    bytes.append(number: UInt32(directions))
    bytes.append(number: UInt32(table.count))
    bytes.append(number: order.first.map { ids[Int($0)] } ?? 0)
    bytes.append(number: order.last.map { ids[Int($0)] } ?? 0)
    bytes.appendZeros(upTo: SegmentFormat.Header.table)
    bytes.append(contentsOf: table.bytes)
    bytes.appendZeros(upTo: SegmentFormat.Header.checksum)
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

/// Gives the memory of what was read back now and then, so that rewriting large files stays small.
struct ReadingPacer {
  private static let rowsBetween = 65_536

  private var rows = 0
  private var latest: Segment?
  private var segments: [ObjectIdentifier: Segment] = [:]

  mutating func note(_ count: Int, of source: any RowSource) {
    if latest !== source {
      latest = source as? Segment
      if let latest { segments[ObjectIdentifier(latest)] = latest }
    }
    rows += count
    guard rows >= Self.rowsBetween else { return }
    rows = 0
    finish()
  }

  func finish() { for segment in segments.values { segment.file.release() } }
}

/// The order of the sessions of a user: none first, then by the bytes of the keys.
enum KeyOrder {
  static func precedes(_ a: String?, _ b: String?) -> Bool {
    switch (a, b) {
    case (let a?, let b?): a.utf8.lexicographicallyPrecedes(b.utf8)
    case (nil, _?): true
    default: false
    }
  }

  /// Negative when the first comes before the second, 0 when they are equal.
  static func order(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
    for i in 0..<min(a.count, b.count) where a[i] != b[i] { return a[i] < b[i] ? -1 : 1 }
    return a.count - b.count
  }
}
