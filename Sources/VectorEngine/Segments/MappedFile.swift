internal import VectorKernels

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// A read-only file in memory, whose pages come from disk as they are touched.
///
/// The file must be one that is written once and then never changed in place: a file that shrinks
/// under its mapping ends the process.
///
/// - Note: `@unchecked Sendable` because the memory is never written.
@safe
final class MappedFile: @unchecked Sendable {
  /// Bytes in the file.
  let count: Int
  private let base: UnsafeRawPointer?

  /// Maps a whole file.
  init(path: String) throws(EngineError) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fromSystem("open", path) }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .fromSystem("look at", path) }
    count = Int(status.st_size)
    guard count > 0 else {
      unsafe base = nil
      return
    }
    let mapping = unsafe mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
      throw .fromSystem("map", path)
    }
    unsafe base = UnsafeRawPointer(mapping)
  }

  deinit {
    if let base = unsafe base {
      unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
    }
  }

  /// Says that bytes will be read soon; ones that are not in memory are not fetched.
  func expect(_ offset: Int, byteCount: Int) {
    guard let base = unsafe base, offset >= 0, offset < count else { return }
    unsafe AlignedMemory.expect(base + offset, count: byteCount)
  }

  /// Gives the memory of the pages back; they are read again when they are touched.
  func release() {
    guard let base = unsafe base else { return }
    unsafe madvise(UnsafeMutableRawPointer(mutating: base), count, MADV_DONTNEED)
  }

  /// Lends elements that lie at an offset, which must be a multiple of their alignment.
  func withSpan<Element: BitwiseCopyable, R>(
    of type: Element.Type, offset: Int, count elements: Int,
    _ body: (Span<Element>) throws(EngineError) -> R
  ) throws(EngineError) -> R {
    let size = elements * MemoryLayout<Element>.stride
    precondition(offset >= 0 && elements >= 0 && size <= count - offset, "beyond the file")
    precondition(offset % MemoryLayout<Element>.alignment == 0, "not aligned")
    guard let base = unsafe base, elements > 0 else {
      return try body(unsafe UnsafeBufferPointer<Element>(start: nil, count: 0).span)
    }
    let typed = unsafe (base + offset).assumingMemoryBound(to: type)
    return try body(unsafe UnsafeBufferPointer(start: typed, count: elements).span)
  }
}

extension EngineError {
  /// The error of the system call that has just failed.
  static func fromSystem(_ verb: String, _ path: String) -> EngineError {
    let reason = unsafe String(cString: strerror(errno))
    return EngineError(.inputOutput, "Cannot \(verb) \(path): \(reason).")
  }
}
