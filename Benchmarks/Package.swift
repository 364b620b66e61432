// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let engine: Target.Dependency = .product(name: "VectorEngine", package: "recollect")

// A package of its own, so that nothing here reaches those who depend on the library. Without
// traits only the engine is resolved and built.
let package = Package(
  name: "benchmarks",
  platforms: [.macOS(.v26)],
  products: [
    // Loaded by Python, which calls peers through it without a part in the measured time.
    .library(name: "PeerTimer", type: .dynamic, targets: ["CPeerTimer"])
  ],
  dependencies: [.package(name: "recollect", path: "..", traits: [])],
  targets: [
    .executableTarget(name: "ScopedSearch", dependencies: [engine], swiftSettings: strict),
    .executableTarget(name: "LargeIndex", dependencies: [engine], swiftSettings: strict),
    .executableTarget(name: "PeerSearch", dependencies: [engine], swiftSettings: strict),
    .target(name: "CPeerTimer", cSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "MachineLimits", dependencies: ["CMachineLimits"], swiftSettings: strict),
    .target(
      name: "CMachineLimits",
      cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [
        .linkedLibrary("openblas", .when(platforms: [.linux])),
        .linkedFramework("Accelerate", .when(platforms: [.macOS])),
      ]
    ),
  ]
)
