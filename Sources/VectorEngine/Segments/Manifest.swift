internal import VectorKernels

/// Which files make up an index folder, and which of their rows are deleted.
///
/// ```
///    0  "RCLMANI0"             8
///    8  format version         u32   0
///   12  metric                 u32
///   16  dimension              u64
///   24  generation             u64   one more with each publication
///   32  segments               u64
///       for each: name length u64, name, deleted rows u64, then each row u64
///  end  CRC-32C of all before  u32
/// ```
///
/// A manifest is replaced as a whole: written beside, made durable, renamed, the folder made durable.
struct Manifest {
  struct Part {
    let name: String
    let dead: [Int]
  }

  static let name = "MANIFEST"
  private static let magic = Array("RCLMANI0".utf8)

  let configuration: VectorCollection.Configuration
  let generation: UInt64
  let parts: [Part]

  init(
    _ configuration: VectorCollection.Configuration, generation: UInt64 = 0, parts: [Part] = []
  ) {
    self.configuration = configuration
    self.generation = generation
    self.parts = parts
  }

  /// Whether a folder holds one.
  static func exists(in folder: String) -> Bool { Folder.exists(folder + "/" + name) }

  /// Reads the manifest of a folder.
  init(folder: String) throws(EngineError) {
    let path = folder + "/" + Self.name
    guard Self.exists(in: folder) else {
      throw EngineError(.notAnIndex, "\(folder) is not an index: it holds no \(Self.name).")
    }
    let file = try MappedFile(path: path)
    let parsed = try file.withSpan(of: UInt8.self, offset: 0, count: file.count) {
      bytes throws(EngineError) in try Self.parse(bytes, path)
    }
    self = parsed
  }

  /// Replaces the manifest of a folder and returns when that is durable.
  func publish(in folder: String) throws(EngineError) {
    let temporary = folder + "/" + Self.name + ".new"
    let file = try FolderFile(creating: temporary)
    try file.write(bytes.span)
    try file.synchronise()
    try Folder.rename(temporary, to: folder + "/" + Self.name, in: folder)
  }

  private var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.append(number: SegmentFormat.version)
    bytes.append(number: SegmentFormat.code(of: configuration.metric))
    bytes.append(number: UInt64(configuration.dimension))
    bytes.append(number: generation)
    bytes.append(number: UInt64(parts.count))
    for part in parts {
      bytes.append(number: UInt64(part.name.utf8.count))
      bytes.append(contentsOf: part.name.utf8)
      bytes.append(number: UInt64(part.dead.count))
      for row in part.dead { bytes.append(number: UInt64(row)) }
    }
    bytes.append(number: RowKernels().checksum(of: bytes.span))
    return bytes
  }

  private static func parse(_ bytes: Span<UInt8>, _ path: String) throws(EngineError) -> Manifest {
    let damaged = EngineError(.corrupt, "\(path) is damaged or truncated.")
    guard bytes.starts(with: magic) else {
      throw EngineError(.notAnIndex, "\(path) is not the manifest of an index.")
    }
    guard bytes.count >= 44 else { throw damaged }
    let version: UInt32 = bytes.number(at: 8)
    guard version == SegmentFormat.version else {
      throw EngineError(
        .unsupportedVersion,
        "\(path) has format version \(version); this program reads \(SegmentFormat.version).")
    }
    let end = bytes.count - 4
    guard RowKernels().checksum(of: bytes.extracting(0..<end)) == bytes.number(at: end) else {
      throw damaged
    }
    guard let metric = SegmentFormat.metric(of: bytes.number(at: 12)) else {
      throw EngineError(.unsupportedVersion, "\(path) names a metric that is not known here.")
    }
    // The checksum says that these are the bytes that were written, so what follows is well formed;
    // the look at what is left only keeps a program error from becoming a crash.
    var offset = 16
    func next() throws(EngineError) -> UInt64 {
      guard offset + 8 <= end else { throw damaged }
      defer { offset += 8 }
      return bytes.number(at: offset)
    }
    let dimension = Int(truncatingIfNeeded: try next())
    let generation = try next()
    var parts: [Part] = []
    for _ in 0..<(try next()) {
      let length = Int(truncatingIfNeeded: try next())
      guard length >= 0, length <= end - offset else { throw damaged }
      let name = String(decoding: (offset..<(offset + length)).map { bytes[$0] }, as: UTF8.self)
      offset += length
      var dead: [Int] = []
      for _ in 0..<(try next()) { dead.append(Int(truncatingIfNeeded: try next())) }
      parts.append(Part(name: name, dead: dead))
    }
    let configuration = try VectorCollection.Configuration(dimension: dimension, metric: metric)
    return Manifest(configuration, generation: generation, parts: parts)
  }
}
