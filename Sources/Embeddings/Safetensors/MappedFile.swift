import Foundation

/// A file's bytes, mapped into memory for reading.
///
/// Pages are read when they are first looked at, so opening costs the same for any size. The file
/// must not shrink while it is mapped: models are installed by renaming a finished folder into
/// place and never changed afterwards.
///
/// - Note: `@unchecked Sendable` because the memory is read-only from the first to the last moment.
@safe
final class MappedFile: @unchecked Sendable {
  private let base: UnsafeRawBufferPointer

  /// Maps the whole file.
  ///
  /// - Throws: `modelMissing` when there is no such file, `unavailable` when it cannot be read,
  ///   `modelDamaged` when it is empty.
  init(_ url: URL) throws(EmbeddingError) {
    let descriptor = unsafe open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let absent = errno == ENOENT || errno == ENOTDIR
      throw EmbeddingError(
        absent ? .modelMissing : .unavailable, "Cannot open \(url.path): \(Self.reason(errno)).")
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw EmbeddingError(.modelDamaged, "\(url.path) is not a file.")
    }
    let size = Int(status.st_size)
    guard size > 0 else { throw EmbeddingError(.modelDamaged, "\(url.path) is empty.") }
    let address = unsafe mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address = unsafe address, unsafe address != MAP_FAILED else {
      throw EmbeddingError(.unavailable, "Cannot map \(url.path): \(Self.reason(errno)).")
    }
    unsafe base = UnsafeRawBufferPointer(start: address, count: size)
  }

  deinit {
    unsafe munmap(UnsafeMutableRawPointer(mutating: base.baseAddress), base.count)
  }

  /// How many bytes there are: at least one.
  var count: Int { unsafe base.count }

  /// Lends a range of the bytes.
  func withBytes<R, E: Error>(
    _ range: Range<Int>, _ body: (Span<UInt8>) throws(E) -> R
  ) throws(E) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range beyond the file")
    let bytes = unsafe UnsafeRawBufferPointer(rebasing: base[range]).bindMemory(to: UInt8.self)
    return try body(unsafe bytes.span)
  }

  /// Whether the byte at the position is where a `Float` may start.
  func isAlignedForFloats(at position: Int) -> Bool {
    position % MemoryLayout<Float>.alignment == 0
  }

  /// Lends a range of the bytes, which starts where a `Float` may, as floats in the machine's
  /// order.
  func withFloats<R, E: Error>(
    _ range: Range<Int>, _ body: (Span<Float>) throws(E) -> R
  ) throws(E) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range beyond the file")
    precondition(isAlignedForFloats(at: range.lowerBound), "not where a Float may start")
    let floats = unsafe UnsafeRawBufferPointer(rebasing: base[range]).bindMemory(to: Float.self)
    return try body(unsafe floats.span)
  }

  private static func reason(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
  }
}
