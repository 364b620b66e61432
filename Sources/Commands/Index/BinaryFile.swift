internal import Foundation

/// A file that is read in pieces, straight into the arrays that keep them.
///
/// It is not mapped: a file of the user's may shrink while it is read, which would end the process,
/// and its pages would count as memory of ours. Numbers are little-endian, as on every machine that
/// this runs on.
final class BinaryFileReader {
  let path: String
  let byteCount: Int
  private let descriptor: Int32

  /// Opens a regular file.
  ///
  /// - Throws: `InputError`: wrong use for what is no file, unavailable when it cannot be opened.
  init(_ path: String) throws {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InputError.fromSystem("open", path) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw InputError.fromSystem("look at", path)
    }
    byteCount = Int(status.st_size)
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw InputError(.wrongUse, "\(path) is not a file.")
    }
  }

  deinit { close(descriptor) }

  /// Fills an array with the elements at an offset.
  ///
  /// - Throws: `InputError` when the system refuses, or the file ends before the array is full.
  func read<Element: BitwiseCopyable>(into elements: inout [Element], at offset: Int) throws {
    let wanted = elements.count * MemoryLayout<Element>.stride
    guard wanted > 0 else { return }
    guard offset <= byteCount, wanted <= byteCount - offset else { throw truncated }
    while true {
      let found = unsafe pread(descriptor, &elements, wanted, off_t(offset))
      if found == wanted { return }
      if found < 0 {
        if errno == EINTR { continue }
        throw InputError.fromSystem("read", path)
      }
      // A regular file gives all that was asked for (callers ask for far less than the 2 GB of one
      // call) unless it has become shorter.
      throw truncated
    }
  }

  var truncated: InputError {
    InputError(.wrongUse, "\(path) is truncated: it ends before its last row does.")
  }
}

/// A file that is written from front to back.
final class BinaryFileWriter {
  private let path: String
  private let descriptor: Int32
  private var offset = 0

  /// Creates the file, or empties it when it is there.
  init(_ path: String) throws {
    self.path = path
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw InputError.fromSystem("create", path) }
  }

  deinit { close(descriptor) }

  /// Appends the elements' bytes.
  func write<Element: BitwiseCopyable>(_ elements: [Element]) throws {
    let stride = MemoryLayout<Element>.stride
    var rest = elements
    while !rest.isEmpty {
      let written = unsafe pwrite(descriptor, rest, rest.count * stride, off_t(offset))
      if written < 0 {
        if errno == EINTR { continue }
        throw InputError.fromSystem("write", path)
      }
      // One call writes at most 2 GB. What it wrote of an element in part is written again.
      let whole = written / stride
      offset += whole * stride
      rest = whole == rest.count ? [] : Array(rest[whole...])
    }
  }
}

extension InputError {
  /// The error of the system call that has just failed.
  static func fromSystem(_ verb: String, _ path: String) -> InputError {
    let reason = unsafe String(cString: strerror(errno))
    return InputError(.unavailable, "Cannot \(verb) \(path): \(reason).")
  }
}
