internal import VectorKernels

/// What the writer of a collection works on. Only one thread at a time has it.
struct WriterState: Sendable {
  /// Where a row of the buffer is.
  private struct Location: Sendable {
    let user: Int
    let row: Int
  }

  let configuration: VectorCollection.Configuration
  var generation: UInt64 = 0
  var note = Manifest.Note()
  /// The sealed rows with all marks, also those that are not yet in the manifest.
  var segments: [SealedRows] = []
  /// The marks of each segment as the manifest has them.
  var publishedDead: [RowMask] = []
  var buffer = RowBuffer()
  var liveCount = 0
  /// Whether something was written that is not yet in the folder.
  private(set) var hasChanges = false
  var sharesGroups = false
  /// The buffered row of each id; a sealed one is looked up in its segment, so opening a folder and
  /// writing to it reads no more ids than are written.
  private var locations: [UInt64: Location] = [:]
  private var userNames: [String] = []
  private var userNumbers: [ByteKey: Int] = [:]

  init(_ configuration: VectorCollection.Configuration) {
    self.configuration = configuration
  }

  /// The state of an opened folder, in which nothing was written here.
  init(_ manifest: Manifest, _ segments: [SealedRows]) {
    configuration = manifest.configuration
    adopt(manifest, segments)
  }

  func snapshot() -> VectorSnapshot {
    VectorSnapshot(
      configuration: configuration, segments: segments, buffer: buffer, liveCount: liveCount,
      sharesGroups: sharesGroups)
  }

  // MARK: Looking up

  /// Whether a row has this id.
  ///
  /// - Complexity: O(log rows) for each segment.
  func contains(_ id: UInt64) throws(EngineError) -> Bool {
    if locations[id] != nil { return true }
    return try sealedPlace(of: id) != nil
  }

  /// The user whom the row with this id belongs to.
  func owner(of id: UInt64) throws(EngineError) -> String? {
    if let buffered = locations[id] { return userNames[buffered.user] }
    guard let (segment, row) = try sealedPlace(of: id) else { return nil }
    return try segments[segment].segment.user(ofRow: row)
  }

  /// The buffered row with an id.
  func bufferedPlace(of id: UInt64) -> (user: String, row: Int)? {
    locations[id].map { (userNames[$0.user], $0.row) }
  }

  /// The living sealed row with an id; the latest segments are looked at first.
  func sealedPlace(of id: UInt64) throws(EngineError) -> (segment: Int, row: Int)? {
    for number in segments.indices.reversed() {
      guard let row = try segments[number].segment.row(withID: id) else { continue }
      if !segments[number].dead.contains(row) { return (number, row) }
    }
    return nil
  }

  // MARK: Changing

  /// Appends a row to the buffer. Its id must not be in use.
  mutating func append(
    _ vector: Span<Float>, id: UInt64, group: UInt64, scope: RowScope, time: Int64,
    squaredNorm: Float
  ) {
    let dimension = configuration.dimension
    let row = buffer.edit(scope.user, dimension: dimension) {
      $0.append(
        vector: vector, id: id, group: group, session: scope.session, time: time,
        squaredNorm: squaredNorm)
    }
    locations[id] = Location(user: number(of: scope.user), row: row)
    if group != id { sharesGroups = true }
    liveCount += 1
    hasChanges = true
  }

  /// Marks the row with this id as deleted; false when there is none.
  mutating func remove(_ id: UInt64) throws(EngineError) -> Bool {
    if let buffered = locations.removeValue(forKey: id) {
      try removeBuffered(userNames[buffered.user], buffered.user, buffered.row)
    } else if let (segment, row) = try sealedPlace(of: id) {
      _ = segments[segment].dead.insert(row)
    } else {
      return false
    }
    liveCount -= 1
    hasChanges = true
    return true
  }

  /// Marks sealed rows that are not deleted as deleted.
  mutating func remove(_ rows: Range<Int>, of segment: Segment) {
    guard let number = segments.firstIndex(where: { $0.segment === segment }) else { return }
    for row in rows where segments[number].dead.insert(row) { liveCount -= 1 }
    hasChanges = true
  }

  private mutating func removeBuffered(
    _ name: String, _ user: Int, _ row: Int
  ) throws(EngineError) {
    let dimension = configuration.dimension
    let rewritten = buffer.edit(name, dimension: dimension) { rows -> UserRows? in
      _ = rows.remove(row)
      guard rows.isMostlyDead else { return nil }
      return rows
    }
    guard let rewritten else { return }
    let moved = try rewritten.withoutDeadRows(dimension: dimension)
    buffer.edit(name, dimension: dimension) { $0 = moved }
    try moved.block.withIDs(0..<moved.count) { ids throws(EngineError) in
      for row in 0..<moved.count { locations[ids[row]] = Location(user: user, row: row) }
    }
  }

  // MARK: Publishing

  /// Goes on from a published state; what was written and is not in it is forgotten.
  mutating func adopt(_ manifest: Manifest, _ segments: [SealedRows]) {
    self.segments = segments
    publishedDead = segments.map(\.dead)
    generation = manifest.generation
    note = manifest.note
    liveCount = segments.reduce(0) { $0 + $1.segment.rowCount - $1.dead.count }
    sharesGroups = segments.contains { $0.segment.sharesGroups }
    buffer = RowBuffer()
    hasChanges = false
    locations = [:]
    userNames = []
    userNumbers = [:]
  }

  /// Goes on from a published state in which one segment stands in the place of several (or none, when
  /// no row was left); what was written and is not in it stays.
  ///
  /// - Parameter merged: the new segment with the marks of the manifest, and where its rows were.
  mutating func adopt(
    _ manifest: Manifest, replacing range: Range<Int>, by merged: SealedRows?, _ moved: MovedRows
  ) {
    let marks = moved.marks(segments[range].map { ($0.segment, $0.dead) })
    publishedDead.replaceSubrange(range, with: merged.map { [$0.dead] } ?? [])
    let replacement = merged.map { sealed in
      var sealed = sealed
      sealed.dead = marks
      return [sealed]
    }
    segments.replaceSubrange(range, with: replacement ?? [])
    generation = manifest.generation
  }

  private mutating func number(of user: String) -> Int {
    if let known = userNumbers[ByteKey(user)] { return known }
    userNames.append(user)
    userNumbers[ByteKey(user)] = userNames.count - 1
    return userNames.count - 1
  }
}
