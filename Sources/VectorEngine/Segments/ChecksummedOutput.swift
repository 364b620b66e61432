internal import VectorKernels

/// Passes bytes on to a file and keeps the checksum of each chunk of them.
struct ChecksummedOutput: ~Copyable {
  private static let bytesOfPiece = 1 << 20

  private let file: FolderFile
  private let kernels = RowKernels()
  private var checksums: [UInt32] = []
  private var current: UInt32 = 0
  private var inChunk = 0
  private var pending: [UInt8] = []

  init(_ file: consuming FolderFile) { self.file = file }

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

  mutating func finish(length: Int, headerChecksum: UInt32) throws(EngineError) {
    precondition(inChunk == 0 && pending.isEmpty, "sections end on a chunk")
    var tail: [UInt8] = []
    for checksum in checksums { tail.append(number: checksum) }
    let sum = kernels.checksum(of: tail.span)
    tail.append(contentsOf: SegmentFormat.endMagic)
    tail.append(number: UInt64(length))
    tail.append(number: sum)
    tail.append(number: headerChecksum)
    tail.append(number: UInt64(0))
    try file.write(tail.span)
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
