package import Foundation
internal import GRDB
package import Records
internal import VectorEngine

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Looks through a data directory without changing anything in it.
package struct StoreExamination {
  private let directory: URL
  private var database: URL { directory.appendingPathComponent(EmbeddedStore.fileName) }

  package init(_ directory: URL) { self.directory = directory }

  /// Whose vectors the store holds, if it can be read.
  package func embedder() throws -> (name: String, dimension: Int)? {
    guard FileManager.default.fileExists(atPath: database.path) else { return nil }
    return try read { try Soundness($0).embedder() }
  }

  /// Everything that there is to say of the directory, its database, locks and index.
  package func findings() -> [Finding] {
    var findings = [library()] + folder()
    guard FileManager.default.fileExists(atPath: database.path) else {
      return findings + [
        Finding(
          "database", .ok, "there is none yet; the first command that stores something makes it")
      ]
    }
    let schema = schema()
    findings.append(schema)
    if schema.status < .wrong { findings += records() }
    return findings + [log(), leftovers(), users(), writeLock()] + index()
  }

  // MARK: The system

  private func library() -> Finding {
    let version: String
    do {
      version = try DatabaseQueue().read {
        try String.fetchOne($0, sql: "SELECT sqlite_version()") ?? "unknown"
      }
    } catch {
      return Finding("sqlite", .missing, "SQLite does not start: \(error)")
    }
    guard Self.hasResetRace(version) else { return Finding("sqlite", .ok, "SQLite \(version)") }
    return Finding(
      "sqlite", .ok,
      "SQLite \(version), which can lose a commit that meets a checkpoint (mended in 3.51.3); here "
        + "they never meet, because both hold \(ProcessLock.fileName). Write to the database with no "
        + "other program.")
  }

  /// Whether a version has the race of a checkpoint with a commit that restarts the log.
  static func hasResetRace(_ version: String) -> Bool {
    let parts = version.split(separator: ".").compactMap { Int($0) }
    guard parts.count >= 3, parts[0] == 3 else { return false }
    switch parts[1] {
    case ..<44, 45..<50: return true
    case 44: return parts[2] < 6
    case 50: return parts[2] < 7
    case 51: return parts[2] < 3
    default: return false
    }
  }

  private func folder() -> [Finding] {
    let path = directory.path
    var isFolder: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return [Finding("directory", .ok, "\(path) is not there yet; it is made when it is needed")]
    }
    guard isFolder.boolValue else {
      return [
        Finding("directory", .missing, "\(path) is no folder", advice: "Name another directory.")
      ]
    }
    guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else {
      return [
        Finding(
          "directory", .missing, "\(path) may not be read and written by this user",
          advice: "Give this user the directory: chown or chmod it.")
      ]
    }
    return [permissions(), space()]
  }

  private func permissions() -> Finding {
    do {
      let attributes = try FileManager.default.attributesOfItem(atPath: directory.path)
      let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
      guard mode & 0o077 != 0 else { return Finding("directory", .ok, directory.path) }
      return Finding(
        "directory", .warning,
        "\(directory.path) is open to other users of this machine (\(String(mode, radix: 8)))",
        advice: "chmod 700 \(directory.path)")
    } catch {
      return Finding("directory", .missing, "\(directory.path): \(error.localizedDescription)")
    }
  }

  /// Less room than this is worth a warning: a checkpoint must be able to write its pages.
  private static let scarceBytes: Int64 = 100 << 20

  private func space() -> Finding {
    do {
      let bytes = try EmbeddedStore.availableBytes(in: directory)
      return Finding(
        "disk", bytes < Self.scarceBytes ? .warning : .ok, "\(bytes >> 20) MiB free",
        advice: bytes < Self.scarceBytes ? "Make room; on a full disk nothing is stored." : nil)
    } catch {
      return Finding("disk", .missing, "its room cannot be told: \(error.localizedDescription)")
    }
  }

  // MARK: The database

  private func read<R>(_ body: (Database) throws -> R) throws -> R {
    try EmbeddedStore.translating(database.path) {
      let queue = try DatabaseQueue(path: database.path, configuration: DatabaseFile.reading)
      let result = try queue.read(body)
      try queue.close()
      return result
    }
  }

  private func schema() -> Finding {
    do {
      let version = try read { try Schema.version(of: $0, path: database.path) }
      guard version < Schema.version else {
        return Finding("schema", .ok, "version \(version)")
      }
      return Finding(
        "schema", .warning, "version \(version); this program has \(Schema.version)",
        advice: "Nothing to do: it is brought forward when the next command opens it.")
    } catch let error as StorageError {
      let advice =
        error.code == .damaged ? "Restore a backup: recollect restore FILE --force" : nil
      return Finding(
        "schema", error.code == .damaged ? .damaged : .missing, error.message, advice: advice)
    } catch {
      return Finding("schema", .missing, "\(error)")
    }
  }

  private func records() -> [Finding] {
    do {
      return try read { db in
        let soundness = Soundness(db)
        let damage = try soundness.damage()
        guard damage.isEmpty else { return [Self.judged("integrity", damage, "")] }
        let whole = Finding("integrity", .ok, "every page is as SQLite wants it")
        guard try Schema.version(of: db, path: database.path) == Schema.version else {
          return [whole]
        }
        let contents = try soundness.contents()
        let missing = try soundness.missingVectors()
        return [
          whole,
          Self.judged("references", try soundness.dangling(), "no row names one that is not there"),
          Self.judged(
            "counters", try soundness.divergences(),
            "\(contents.users) users, \(contents.sessions) sessions, \(contents.memories) memories; "
              + "what is counted beside them agrees"),
          Self.judged(
            "vectors", try soundness.oddVectors(),
            "\(contents.vectors) vectors"
              + (missing > 0 ? ", \(missing) memories wait for theirs" : "")),
        ]
      }
    } catch let error as StorageError where error.code == .damaged {
      return [Finding("integrity", .damaged, "\(error)", advice: "recollect restore FILE --force")]
    } catch {
      // Busy, or refused by the system: that says nothing of the pages.
      return [Finding("integrity", .missing, "\(error)")]
    }
  }

  private static func judged(_ name: String, _ complaints: [String], _ praise: String) -> Finding {
    guard !complaints.isEmpty else { return Finding(name, .ok, praise) }
    return Finding(
      name, .damaged, complaints.joined(separator: "; "),
      advice: "Restore a backup, or export what can be read into a new directory.")
  }

  // MARK: Files beside it

  /// A log of this size was not folded in for long: something reads an old state and does not end.
  private static let longLog = 256 << 20

  private func log() -> Finding {
    let path = database.path + "-wal"
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
    guard size > Self.longLog else { return Finding("log", .ok, "\(size >> 20) MiB") }
    return Finding(
      "log", .warning, "\(size >> 20) MiB wait to be folded into the database",
      advice: "Look for a process that has been reading for long, and end it.")
  }

  private func users() -> Finding {
    let holders = LockHolders.of(directory.appendingPathComponent(DirectoryUse.fileName))
    guard !holders.isEmpty else { return Finding("processes", .ok, "nobody works here") }
    let stopped = holders.filter(\.isStopped)
    guard stopped.isEmpty else {
      return Finding(
        "processes", .warning,
        "suspended: \(stopped.map { String($0.process) }.joined(separator: ", "))",
        advice: "Let them go on (kill -CONT) or end them; what one of them locked stays locked.")
    }
    return Finding(
      "processes", .ok, "at work: \(holders.map { String($0.process) }.joined(separator: ", "))")
  }

  /// How long a lock may be held before that is worth a word.
  private static let longHold = Duration.seconds(2)

  private func writeLock() -> Finding {
    let url = directory.appendingPathComponent(ProcessLock.fileName)
    guard FileManager.default.fileExists(atPath: url.path) else {
      return Finding("lock", .ok, "never taken")
    }
    do {
      let descriptor = try ProcessLock.descriptor(url.path)
      defer { close(descriptor) }
      if try ProcessLock.take(descriptor, LOCK_EX, until: .now + Self.longHold, 200...1_500) {
        return Finding("lock", .ok, "free, or changing hands")
      }
      let holders = LockHolders.of(url).map { String($0.process) }.joined(separator: ", ")
      return Finding(
        "lock", .warning,
        "held for more than two seconds" + (holders.isEmpty ? "" : " by process \(holders)"),
        advice: "A lock ends with its holder. Let that process go on, or end it.")
    } catch {
      return Finding("lock", .missing, "\(error)", advice: "Give this user the directory.")
    }
  }

  /// Copies of the database that a backup or a restore was killed over.
  private func leftovers() -> Finding {
    let names = StoreBackup.leftovers(beside: database)
    guard !names.isEmpty else { return Finding("copies", .ok, "none was left behind") }
    return Finding(
      "copies", .warning,
      "left behind by a backup or restore that did not end, or one at work: "
        + names.joined(separator: ", "),
      advice:
        "Remove them from \(directory.path) when none is at work; they hold what users stored.")
  }

  private func index() -> [Finding] {
    IndexPart.allCases.map { part in
      index(part, part == .vectors ? "index" : "words")
    }
  }

  private func index(_ part: IndexPart, _ title: String) -> Finding {
    let mended = "Nothing to do: whoever searches next builds it again from the database."
    guard
      let index = PublishedIndex(
        part, in: directory.appendingPathComponent(StoreBackup.indexFolder))
    else {
      return Finding(title, .ok, "none yet; it is made from the database when it is needed")
    }
    do {
      let published = try VectorCollection.published(at: index.url)
      let statistics = try index.collection().statistics
      if let objection = try read({ try index.objection(to: published, $0) }) {
        return Finding(title, .warning, objection.rawValue, advice: mended)
      }
      return Finding(
        title, .ok,
        "\(statistics.rows) rows; `recollect index verify` looks at every byte of them")
    } catch let error as EngineError where error.code != .inputOutput {
      return Finding(title, .warning, error.message, advice: mended)
    } catch {
      return Finding(title, .warning, "it cannot be looked at: \(error)")
    }
  }
}
