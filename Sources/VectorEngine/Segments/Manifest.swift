internal import VectorKernels

/// Which files make up an index folder, and which of their rows are deleted.
///
/// Its bytes are described in `FileFormat.md` of the documentation. A manifest is replaced as a whole:
/// written beside, made durable, renamed, the folder made durable.
struct Manifest {
  /// A segment, and what it takes to know it again.
  struct Part {
    let name: String
    let rowCount: Int
    let byteCount: Int
    /// That of the file's header.
    let checksum: UInt32
    let dead: RowMask

    init(_ segment: Segment, dead: RowMask) {
      name = segment.name
      rowCount = segment.rowCount
      byteCount = segment.byteCount
      checksum = segment.checksum
      self.dead = dead
    }

    init(name: String, rowCount: Int, byteCount: Int, checksum: UInt32, dead: RowMask) {
      self.name = name
      self.rowCount = rowCount
      self.byteCount = byteCount
      self.checksum = checksum
      self.dead = dead
    }

    /// Whether a file is the one that is meant.
    func isThis(_ segment: Segment) -> Bool {
      segment.name == name && segment.rowCount == rowCount && segment.byteCount == byteCount
        && segment.checksum == checksum
    }
  }

  /// What the caller keeps in a manifest.
  struct Note: Hashable {
    /// How far what is in the folder has come in the caller's own counting.
    var position: UInt64 = 0
    /// Whose index this is.
    var label = ""

    static let largestLabel = 1024
  }

  static let name = "MANIFEST"
  static let temporary = "MANIFEST.new"
  static let version: UInt32 = 1

  let configuration: VectorCollection.Configuration
  var note: Note
  /// One more with each publication.
  var generation: UInt64 = 0
  /// The number of the next segment; none is used twice.
  var nextNumber: UInt64 = 1
  var parts: [Part] = []

  init(_ configuration: VectorCollection.Configuration, _ note: Note = Note()) {
    self.configuration = configuration
    self.note = note
  }

  /// Replaces the manifest of a folder and returns when that is durable.
  func publish(in folder: Folder) throws(EngineError) {
    do {
      let file = try folder.files.create(folder.path(of: Self.temporary))
      try file.write(bytes.span)
      try file.synchronise()
    } catch {
      folder.discard(Self.temporary)
      throw error
    }
    try folder.publish(Self.temporary, as: Self.name)
  }
}

/// The bytes of a manifest.
extension Manifest {
  static let magic = Array("RCLMANIF".utf8)
  private static let generationOffset = 24
  private static let lengthOfFixed = 72

  /// The generation of the folder's manifest, by a read of a few bytes; nil when there is none.
  ///
  /// The bytes are not checked against their checksum: whoever finds another generation than before
  /// reads all of it.
  static func generation(in folder: Folder) throws(EngineError) -> UInt64? {
    // Every search asks: mapping the file instead took ten times as long, and more with many threads.
    guard let bytes = try folder.beginning(of: name, count: lengthOfFixed) else { return nil }
    let span = bytes.span
    guard span.count == lengthOfFixed, span.starts(with: magic) else { return nil }
    return span.number(at: generationOffset)
  }

  /// Reads the manifest of a folder.
  init(_ folder: Folder) throws(EngineError) {
    let path = folder.path(of: Self.name)
    guard folder.exists(Self.name) else {
      throw EngineError(.notAnIndex, "\(folder.path) is not an index: it holds no \(Self.name).")
    }
    let file = try MappedFile(path: path)
    let bytes = try file.withSpan(of: UInt8.self, offset: 0, count: file.count) {
      $0.bytes(0..<$0.count)
    }
    try self.init(bytes.span, path)
  }

  var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.append(number: Self.version)
    bytes.append(number: SegmentFormat.code(of: configuration.metric))
    bytes.append(number: UInt64(configuration.dimension))
    bytes.append(number: generation)
    bytes.append(number: note.position)
    bytes.append(number: nextNumber)
    bytes.append(number: UInt32(note.label.utf8.count))
    bytes.append(number: UInt32(parts.count))
    // Flags, none so far, and room.
    bytes.appendZeros(upTo: Self.lengthOfFixed)
    bytes.append(contentsOf: note.label.utf8)
    for part in parts {
      let ranges = part.dead.ranges
      bytes.append(number: UInt32(part.name.utf8.count))
      bytes.append(number: part.checksum)
      bytes.append(number: UInt64(part.rowCount))
      bytes.append(number: UInt64(part.byteCount))
      bytes.append(number: UInt64(ranges.count))
      bytes.append(contentsOf: part.name.utf8)
      for range in ranges {
        bytes.append(number: UInt64(range.lowerBound))
        bytes.append(number: UInt64(range.count))
      }
    }
    bytes.append(number: RowKernels().checksum(of: bytes.span))
    return bytes
  }

  private init(_ bytes: Span<UInt8>, _ path: String) throws(EngineError) {
    let damaged = EngineError(.corrupt, "\(path) is damaged or truncated.")
    guard bytes.starts(with: Self.magic) else {
      throw EngineError(.notAnIndex, "\(path) is not the manifest of an index.")
    }
    guard bytes.count >= Self.lengthOfFixed + 4 else { throw damaged }
    let version: UInt32 = bytes.number(at: 8)
    guard version == Self.version else {
      throw EngineError(
        .unsupportedVersion,
        "\(path) has format version \(version); this program reads \(Self.version).")
    }
    let end = bytes.count - 4
    guard RowKernels().checksum(of: bytes.extracting(0..<end)) == bytes.number(at: end) else {
      throw damaged
    }
    guard let metric = SegmentFormat.metric(of: bytes.number(at: 12)) else {
      throw EngineError(.unsupportedVersion, "\(path) names a metric that is not known here.")
    }
    let flags: UInt32 = bytes.number(at: 56)
    guard flags & SegmentFormat.requiredFlags == 0 else {
      throw EngineError(.unsupportedVersion, "\(path) was written by a newer version.")
    }
    var reader = ManifestReader(bytes.bytes(0..<end), at: Self.lengthOfFixed, damaged)
    let label = try reader.text(Int(bytes.number(at: 48, as: UInt32.self)))
    let configuration = try VectorCollection.Configuration(
      dimension: Int(truncatingIfNeeded: bytes.number(at: 16, as: UInt64.self)), metric: metric)
    self.init(configuration, Note(position: bytes.number(at: 32), label: label))
    generation = bytes.number(at: Self.generationOffset)
    nextNumber = bytes.number(at: 40)
    for _ in 0..<bytes.number(at: 52, as: UInt32.self) { parts.append(try reader.part()) }
    // What follows is for later versions, which say by a flag when it must be understood.
  }
}

/// Takes a manifest apart.
///
/// Its checksum says that these are the bytes that were written, so they are well formed; the checks
/// only keep a program error from becoming a crash.
private struct ManifestReader {
  private let bytes: [UInt8]
  private var offset: Int
  private let damaged: EngineError

  init(_ bytes: [UInt8], at offset: Int, _ damaged: EngineError) {
    self.bytes = bytes
    self.offset = offset
    self.damaged = damaged
  }

  mutating func text(_ length: Int) throws(EngineError) -> String {
    guard length <= bytes.count - offset else { throw damaged }
    defer { offset += length }
    return String(decoding: bytes[offset..<(offset + length)], as: UTF8.self)
  }

  private mutating func number<T: FixedWidthInteger>(_ type: T.Type) throws(EngineError) -> T {
    guard T.bitWidth / 8 <= bytes.count - offset else { throw damaged }
    defer { offset += T.bitWidth / 8 }
    return bytes.span.number(at: offset)
  }

  private mutating func count() throws(EngineError) -> Int {
    guard let count = Int(exactly: try number(UInt64.self)) else { throw damaged }
    return count
  }

  mutating func part() throws(EngineError) -> Manifest.Part {
    let length = Int(try number(UInt32.self))
    let checksum = try number(UInt32.self)
    let (rows, byteCount, ranges) = (try count(), try count(), try count())
    let name = try text(length)
    guard !name.isEmpty, !name.contains("/"), rows <= SegmentFormat.largestRowCount else {
      throw damaged
    }
    var dead = RowMask()
    var next = 0
    for _ in 0..<ranges {
      let (first, count) = (try count(), try count())
      guard first >= next, first < rows, count > 0, count <= rows - first else { throw damaged }
      for row in first..<(first + count) { _ = dead.insert(row) }
      next = first + count
    }
    return Manifest.Part(
      name: name, rowCount: rows, byteCount: byteCount, checksum: checksum, dead: dead)
  }
}
