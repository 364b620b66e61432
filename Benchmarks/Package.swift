// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nothing here reaches those who depend on the library. Without
// traits only the engine is resolved and built.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "recollect", path: "..", traits: [])],
  targets: [
    .executableTarget(
      name: "ScopedSearch",
      dependencies: [.product(name: "VectorEngine", package: "recollect")],
      swiftSettings: [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
      ]
    )
  ]
)
