import Foundation
import TestSupport
import Testing

/// A program of somebody else's that only wants the engine.
@Suite struct ConsumerTests {
  @Test(.timeLimit(.minutes(10)))
  func `a consumer with no traits resolves and builds nothing but the engine`() throws {
    let directory = try TemporaryDirectory()
    let sources = directory.url.appendingPathComponent("Sources/Consumer")
    try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
    // The folder's name is the package's identity, whatever the checkout is called.
    let link = directory.url.appendingPathComponent("recollect")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: Checkout.root)
    try """
    // swift-tools-version: 6.2
    import PackageDescription
    let package = Package(
      name: "consumer",
      platforms: [.macOS(.v26)],
      dependencies: [.package(path: "recollect", traits: [])],
      targets: [
        .executableTarget(
          name: "Consumer",
          dependencies: [.product(name: "VectorEngine", package: "recollect")])
      ])
    """.write(
      to: directory.url.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
    try """
    import VectorEngine
    let collection = VectorCollection(try .init(dimension: 2))
    try collection.upsert(VectorBatch(ids: [7], scopes: [RowScope(user: "u")], rows: [1, 0]))
    print(try collection.search([1, 0], count: 1, in: .user("u")))
    """.write(
      to: sources.appendingPathComponent("main.swift"), atomically: true, encoding: .utf8)
    let (status, text) = try run(["build", "--package-path", directory.url.path])
    #expect(status == 0, "\(text)")
    let checkouts = directory.url.appendingPathComponent(".build/checkouts").path
    let fetched =
      FileManager.default.fileExists(atPath: checkouts)
      ? try FileManager.default.contentsOfDirectory(atPath: checkouts) : []
    #expect(fetched.isEmpty, "a consumer of the engine fetched \(fetched)")
    for module in ["GRDB", "ArgumentParser", "EmbeddedBackend", "MCPServer"] {
      #expect(!text.contains(" \(module) "), "a consumer of the engine built \(module)")
    }
    let (ran, output) = try run(["run", "--package-path", directory.url.path, "--skip-build"])
    #expect(ran == 0 && output.contains("id: 7"))
  }

  private func run(_ arguments: [String]) throws -> (Int32, String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["swift"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(
      decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitForEnd()
    return (process.terminationStatus, text)
  }
}
