internal import Foundation
internal import Records

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The sign that a data directory is in use.
///
/// Whoever has its database open shares the sign; who replaces the database has it alone. The system
/// takes it down when its holder dies.
final class DirectoryUse: Sendable {
  static let fileName = "use.lock"

  private let descriptor: Int32

  private init(_ directory: URL) throws {
    descriptor = try ProcessLock.descriptor(directory.appendingPathComponent(Self.fileName).path)
  }

  deinit { close(descriptor) }

  /// How long to wait for a database that is being replaced.
  private static let patience = Duration.seconds(30)

  /// Joins those who use a directory.
  static func shared(_ directory: URL) throws -> DirectoryUse {
    let use = try DirectoryUse(directory)
    guard try ProcessLock.take(use.descriptor, LOCK_SH, until: .now + patience, 200...1_500) else {
      throw ServiceError(
        .unavailable, "A backup is being restored into \(directory.path); try again when it is.",
        retryAfterMilliseconds: 1000)
    }
    return use
  }

  /// Keeps everybody else out of a directory; nil while anybody uses it.
  static func alone(_ directory: URL) throws -> DirectoryUse? {
    let use = try DirectoryUse(directory)
    return try ProcessLock.take(use.descriptor, LOCK_EX, until: .now, 50...50) ? use : nil
  }
}
