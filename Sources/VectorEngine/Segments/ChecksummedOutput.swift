internal import VectorKernels

/// Passes bytes on to a file and keeps the checksum of each chunk of them.
struct ChecksummedOutput {
  private static let bytesOfPiece = 1 << 20

  private let file: any WritableFile
  private let kernels = RowKernels()
  private var checksums: [UInt32] = []
  private var current: UInt32 = 0
  private var inChunk = 0
  private var pending: [UInt8] = []

  init(_ file: any WritableFile) { self.file = file }

  mutating func write<Element: BitwiseCopyable>(_ elements: Span<Element>) throws(EngineError) {
    // Small pieces are gathered and large ones are cut, so that a system call carries about a
    // megabyte and no more than that is copied at a time.
    let length = max(1, Self.bytesOfPiece / MemoryLayout<Element>.stride)
    for start in stride(from: 0, to: elements.count, by: length) {
      let piece = elements.extracting(start..<min(start + length, elements.count))
      unsafe piece.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
      if pending.count >= Self.bytesOfPiece { try flush() }
    }
  }

  mutating func padToChunk() throws(EngineError) {
    try flush()
    guard inChunk > 0 else { return }
    pending.append(contentsOf: repeatElement(0, count: SegmentFormat.chunk - inChunk))
    try flush()
  }

  /// Writes the checksums, theirs and the footer, and returns when all of it is durable.
  mutating func finish(length: Int, headerChecksum: UInt32) throws(EngineError) {
    precondition(inChunk == 0 && pending.isEmpty, "sections end on a chunk")
    var tail: [UInt8] = []
    tail.reserveCapacity(SegmentFormat.roundedUp(4 * checksums.count) + SegmentFormat.chunk)
    for checksum in checksums { tail.append(number: checksum) }
    tail.appendZeros(upTo: SegmentFormat.roundedUp(tail.count))
    var roots: [UInt8] = []
    for start in stride(from: 0, to: tail.count, by: SegmentFormat.chunk) {
      roots.append(
        number: kernels.checksum(of: tail.span.extracting(start..<(start + SegmentFormat.chunk))))
    }
    try file.write(tail.span)
    let sum = kernels.checksum(of: roots.span)
    roots.append(contentsOf: SegmentFormat.endMagic)
    roots.append(number: UInt64(length))
    roots.append(number: sum)
    roots.append(number: headerChecksum)
    roots.append(number: UInt64(0))
    try file.write(roots.span)
    try file.synchronise()
  }

  private mutating func flush() throws(EngineError) {
    var start = 0
    while start < pending.count {
      let end = min(pending.count, start + SegmentFormat.chunk - inChunk)
      current = kernels.checksum(
        of: pending.span.extracting(start..<end), continuing: current)
      inChunk += end - start
      if inChunk == SegmentFormat.chunk {
        checksums.append(current)
        current = 0
        inChunk = 0
      }
      start = end
    }
    try file.write(pending.span)
    pending.removeAll(keepingCapacity: true)
  }
}
