internal import VectorKernels

/// What the writer of a collection works on. Only one thread at a time has it.
struct WriterState: Sendable {
  /// Where a row is.
  enum Location: Sendable {
    case buffered(user: Int, row: Int)
    case sealed(segment: Int, row: Int)
  }

  let configuration: VectorCollection.Configuration
  var generation: UInt64 = 0
  var segments: [SealedRows] = []
  var buffer = RowBuffer()
  var liveCount = 0
  /// Whether something was written that is not yet in the folder.
  private(set) var hasChanges = false
  var sharesGroups = false
  /// The row of each id. Sealed rows are only listed once a write needs them: opening a folder to
  /// search it reads no ids.
  private var locations: [UInt64: Location] = [:]
  private var knowsSealedRows = true
  private var userNames: [String] = []
  private var userNumbers: [ByteKey: Int] = [:]

  init(_ configuration: VectorCollection.Configuration) {
    self.configuration = configuration
  }

  /// The state of an opened folder.
  init(
    _ configuration: VectorCollection.Configuration, _ segments: [SealedRows], _ generation: UInt64
  ) {
    self.configuration = configuration
    self.segments = segments
    self.generation = generation
    liveCount = segments.reduce(0) { $0 + $1.segment.rowCount - $1.dead.count }
    knowsSealedRows = segments.isEmpty
    sharesGroups = segments.contains { $0.segment.sharesGroups }
  }

  func snapshot() -> VectorSnapshot {
    VectorSnapshot(
      configuration: configuration, segments: segments, buffer: buffer, liveCount: liveCount,
      sharesGroups: sharesGroups)
  }

  // MARK: Looking up

  /// Lists the sealed rows by id, the first time a write asks for it.
  mutating func locateSealedRows() throws(EngineError) {
    guard !knowsSealedRows else { return }
    for (number, sealed) in segments.enumerated() {
      let count = sealed.segment.rowCount
      try sealed.segment.withIDs(0..<count) { ids throws(EngineError) in
        for row in 0..<count where !sealed.dead.contains(row) {
          locations[ids[row]] = .sealed(segment: number, row: row)
        }
      }
    }
    knowsSealedRows = true
  }

  /// The user whom the row with this id belongs to.
  func owner(of id: UInt64) throws(EngineError) -> String? {
    switch locations[id] {
    case .buffered(let user, _): userNames[user]
    case .sealed(let segment, let row): try segments[segment].segment.user(ofRow: row)
    case nil: nil
    }
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
    locations[id] = .buffered(user: number(of: scope.user), row: row)
    if group != id { sharesGroups = true }
    liveCount += 1
    hasChanges = true
  }

  /// Marks the row with this id as deleted; false when there is none.
  mutating func remove(_ id: UInt64) throws(EngineError) -> Bool {
    guard let location = locations.removeValue(forKey: id) else { return false }
    switch location {
    case .sealed(let segment, let row): _ = segments[segment].dead.insert(row)
    case .buffered(let user, let row):
      try removeBuffered(userNames[user], user, row)
    }
    liveCount -= 1
    hasChanges = true
    return true
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
      for row in 0..<moved.count { locations[ids[row]] = .buffered(user: user, row: row) }
    }
  }

  /// Starts a new buffer after the old one was sealed as the last of these segments.
  mutating func replaceBuffer(by segments: [SealedRows], generation: UInt64) {
    self.segments = segments
    self.generation = generation
    buffer = RowBuffer()
    hasChanges = false
    locations = [:]
    knowsSealedRows = segments.isEmpty
    userNames = []
    userNumbers = [:]
  }

  private mutating func number(of user: String) -> Int {
    if let known = userNumbers[ByteKey(user)] { return known }
    userNames.append(user)
    userNumbers[ByteKey(user)] = userNames.count - 1
    return userNames.count - 1
  }
}
