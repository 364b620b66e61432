import Foundation
import Records
import TestSupport
import Testing

/// `recollect backup`, `restore` and `doctor`.
@Suite struct CareTests {
  private static let lines = (0..<40).map {
    #"{"kind":"memory","user_id":"\#($0 % 2 == 0 ? "ana" : "ben")","content":"note \#($0) about bees"}"#
  }.joined(separator: "\n")

  private func filled() throws -> DataDirectory {
    let data = try DataDirectory()
    #expect(try data.run(["import", "-"], stdin: Self.lines).status == 0)
    return data
  }

  private func export(_ data: DataDirectory, from folder: String = "data") throws -> String {
    try RecollectProcess().run([
      "export", "--data-directory", data.path(folder), "--model", "hashing",
    ]).text
  }

  @Test func `what was backed up and restored is what there was, and is found`() throws {
    let data = try filled()
    let before = try export(data)
    let report = try data.json("backup", data.path("saved.sqlite"))
    #expect(report["path"]?.string == data.path("saved.sqlite") && report["verified"] == true)
    #expect(
      report["contents"]
        == ["users": 2, "sessions": 0, "memories": 40, "vectors": 40, "schema_version": 3])
    let attributes = try FileManager.default.attributesOfItem(atPath: data.path("saved.sqlite"))
    #expect(attributes[.posixPermissions] as? NSNumber == 0o600)
    #expect(attributes[.size] as? NSNumber == NSNumber(value: report["bytes"].integer))
    // One file that stands for itself.
    let names = try FileManager.default.contentsOfDirectory(
      atPath: URL(fileURLWithPath: data.path("x")).deletingLastPathComponent().path)
    #expect(names.filter { $0.contains("saved") } == ["saved.sqlite"])
    // Into a new directory, and over one that has changed meanwhile.
    #expect(
      try RecollectProcess().run([
        "restore", data.path("saved.sqlite"), "--data-directory", data.path("other"),
      ]).status == 0)
    #expect(try export(data, from: "other") == before)
    #expect(try data.status("memories", "clear", "--user", "ana", "--yes") == 0)
    #expect(try data.status("search", "bees", "--user", "ana") == 1)
    let refusal = try data.run("restore", data.path("saved.sqlite"))
    #expect(refusal.status == 2 && refusal.standardError.contains("--force"))
    // An index that belonged to the database that goes.
    try FileManager.default.createDirectory(
      atPath: data.path("data/index"), withIntermediateDirectories: true)
    #expect(
      try data.json("restore", data.path("saved.sqlite"), "--force")["contents"]?["users"] == 2)
    #expect(!FileManager.default.fileExists(atPath: data.path("data/index")))
    #expect(try export(data) == before)
    #expect(try data.status("search", "bees", "--user", "ana") == 0)
    #expect(try data.status("doctor") == 0)
  }

  @Test func `a backup overwrites nothing unless it is told to, and names itself in a folder`()
    throws
  {
    let data = try filled()
    let file = try data.write("saved.sqlite", "somebody's notes")
    let refusal = try data.run("backup", file)
    #expect(refusal.status == 2 && refusal.standardError.contains("--force"))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "somebody's notes")
    #expect(try data.status("backup", file, "--force") == 0)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)).starts(with: Data("SQLite".utf8)))
    for name in ["recollect.sqlite", "recollect.sqlite-wal", "write.lock"] {
      #expect(try data.status("backup", data.path("data/" + name), "--force") == 2)
    }
    #expect(try data.status("backup", data.path("no/such/folder/file")) == 4)
    #expect(try data.status("backup") == 2)
    try FileManager.default.createDirectory(
      atPath: data.path("backups"), withIntermediateDirectories: true)
    let named = try data.json("backup", data.path("backups"))["path"]?.string ?? ""
    #expect(named.hasPrefix(data.path("backups") + "/recollect-20") && named.hasSuffix(".sqlite"))
    #expect(FileManager.default.fileExists(atPath: named))
    let nothing = try RecollectProcess().run([
      "backup", data.path("more"), "--data-directory", data.path("nowhere"),
    ])
    #expect(nothing.status == 4 && nothing.standardError.contains("no database"))
    #expect(!FileManager.default.fileExists(atPath: data.path("nowhere")))
  }

  @Test func `a backup that is damaged, foreign, cut off or newer is refused and changes nothing`()
    throws
  {
    let data = try filled()
    let before = try export(data)
    let good = data.path("good.sqlite")
    #expect(try data.status("backup", good) == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: good))
    var torn = bytes
    // Pages in the middle, from the second on.
    for place in stride(from: 8192, to: bytes.count - 8192, by: 8192) {
      torn.replaceSubrange(place..<place + 64, with: Data(repeating: 0xA5, count: 64))
    }
    var newer = bytes
    newer.replaceSubrange(60..<64, with: [0, 0, 0, 99])
    for (name, content, status) in [
      ("torn", torn, Int32(3)), ("short", bytes.prefix(3 * 8192), 3),
      ("text", Data(repeating: 0x41, count: 20_000), 3), ("empty", Data(), 3), ("newer", newer, 4),
    ] {
      try content.write(to: URL(fileURLWithPath: data.path(name)))
      let outcome = try data.run("restore", data.path(name), "--force")
      #expect(outcome.status == status, "\(name): \(outcome.standardError)")
      #expect(try export(data) == before, "\(name)")
    }
    #expect(try data.status("restore", data.path("nothing"), "--force") == 4)
    #expect(try data.status("restore") == 2)
  }

  @Test func `the doctor finds nothing wrong where nothing is`() throws {
    let data = try DataDirectory()
    #expect(try data.status("doctor") == 0)
    #expect(!FileManager.default.fileExists(atPath: data.path("data")), "looking makes nothing")
    #expect(try data.run(["import", "-"], stdin: Self.lines).status == 0)
    let report = try data.json("doctor")
    let findings = report["findings"]?.array ?? []
    #expect(report["status"] == "ok" && findings.allSatisfy { $0["status"] == "ok" })
    #expect(
      Set(findings.compactMap { $0["name"]?.string })
        == [
          "settings", "sqlite", "directory", "disk", "schema", "integrity", "references",
          "counters",
          "vectors", "log", "copies", "processes", "lock", "index", "model", "words",
        ])
    #expect(try data.run("doctor").text.contains("40 memories"))
  }

  @Test func `the doctor names what is wrong, and its exit code says of which kind`() throws {
    let data = try filled()
    func finding(_ name: String, status: Int32, _ arguments: [String] = []) throws -> JSONValue {
      let report = try data.json(["doctor"] + arguments, status: status)
      return report["findings"]?.array?.first { $0["name"]?.string == name } ?? .null
    }
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: data.path("data"))
    let open = try finding("directory", status: 1)
    #expect(open["status"] == "warning" && open["advice"]?.string?.contains("chmod 700") == true)
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o700], ofItemAtPath: data.path("data"))

    let config = try data.write("settings.json", #"{"no_such_thing": 1}"#)
    #expect(try finding("settings", status: 2, ["--config", config])["status"] == "wrong")
    // As a backup into the directory leaves it that was killed.
    _ = try data.write("data/.recollect.sqlite.new-77", "half a copy")
    #expect(try finding("copies", status: 1)["detail"]?.string?.contains("new-77") == true)
    #expect(try data.status("index", "rebuild") == 0)
    let manifest = URL(fileURLWithPath: data.path("data/index/MANIFEST"))
    let published = try Data(contentsOf: manifest)
    try Data(published.reversed()).write(to: manifest)
    #expect(try finding("index", status: 1)["status"] == "warning")
    try published.write(to: manifest)
    #expect(try finding("index", status: 1)["detail"]?.string?.contains("40 rows") == true)
    let model = try RecollectProcess().run([
      "doctor", "--data-directory", data.path("data"), "--model", data.path("no-model"),
    ])
    #expect(model.status == 4 && model.text.contains("no-model"))

    let file = URL(fileURLWithPath: data.path("data/recollect.sqlite"))
    #expect(try data.status("backup", data.path("good.sqlite")) == 0)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: data.path("good.sqlite")))
    for name in ["recollect.sqlite-wal", "recollect.sqlite-shm"]
    where FileManager.default.fileExists(atPath: data.path("data/" + name)) {
      try FileManager.default.removeItem(atPath: data.path("data/" + name))
    }
    for place in stride(from: 2 * 8192, to: bytes.count, by: 8192) {
      bytes.replaceSubrange(place..<place + 64, with: Data(repeating: 0xA5, count: 64))
    }
    try bytes.write(to: file)
    #expect(try finding("integrity", status: 3)["status"] == "damaged")
    try Data(repeating: 0x41, count: 20_000).write(to: file)
    #expect(try finding("schema", status: 3)["status"] == "damaged")
    #expect(try data.status("restore", data.path("good.sqlite"), "--force") == 0)
    // The half copy is gone as well.
    #expect(try data.status("doctor") == 0)
    #expect(try data.status("doctor", "everything") == 2)
  }
}

extension JSONValue? {
  fileprivate var integer: Int64 {
    if case .integer(let number)? = self { return number }
    return -1
  }
}
