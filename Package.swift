// swift-tools-version: 6.3
import PackageDescription

// Every Swift target of ours is compiled with the same rules: the Swift 6 language mode (complete
// concurrency checking), explicit `any`, explicit `unsafe`, and warnings as errors. No unsafe flags:
// they would make the package unusable as a dependency.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

// What stands outside the toolchain is behind the trait `Server`: a program that names only the
// product `VectorEngine` with `traits: []` resolves and builds nothing but the engine.
let server: TargetDependencyCondition = .when(traits: ["Server"])!

// Verifying tokens takes cryptography that costs minutes to build; who only uses keys does without.
let oauth: TargetDependencyCondition = .when(traits: ["OAuth"])!

let package = Package(
  name: "recollect",
  platforms: [.macOS(.v26)],
  products: [
    .library(name: "VectorEngine", targets: ["VectorEngine"]),
    .executable(name: "recollect", targets: ["CLI"]),
  ],
  traits: [
    .trait(
      name: "Server",
      description:
        "The memory service, the MCP server and the command line (SQLite, argument parsing)."
    ),
    .trait(
      name: "OAuth",
      description: "Verification of an authorization server's tokens over HTTP (BoringSSL)."
    ),
    .default(enabledTraits: ["Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    // Only its core is used: the server without router, file system, configuration and TLS.
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    // MARK: The engine

    .systemLibrary(
      name: "COpenBLAS",
      pkgConfig: "openblas",
      providers: [.apt(["libopenblas-dev"])]
    ),
    .target(
      name: "CVectorKernels",
      dependencies: [.target(name: "COpenBLAS", condition: .when(platforms: [.linux]))],
      cSettings: [.treatAllWarnings(as: .error)],
      linkerSettings: [
        .linkedLibrary("openblas", .when(platforms: [.linux])),
        .linkedFramework("Accelerate", .when(platforms: [.macOS])),
      ]
    ),
    .target(name: "VectorKernels", dependencies: ["CVectorKernels"], swiftSettings: strict),
    .target(name: "VectorEngine", dependencies: ["VectorKernels"], swiftSettings: strict),

    // MARK: The memory service

    .target(name: "Records", swiftSettings: strict),
    .target(name: "LanguageModels", dependencies: ["Records"], swiftSettings: strict),
    .systemLibrary(name: "CStemmer", providers: [.apt(["libstemmer-dev"])]),
    .target(
      name: "LexicalIndex",
      dependencies: [
        "VectorEngine", .target(name: "CStemmer", condition: .when(platforms: [.linux])),
      ],
      swiftSettings: strict),
    .target(name: "Embeddings", dependencies: ["Records", "VectorKernels"], swiftSettings: strict),
    .target(name: "Retrieval", dependencies: ["Embeddings", "Records"], swiftSettings: strict),
    .target(
      name: "EmbeddedBackend",
      dependencies: [
        "LexicalIndex", "Records", "Retrieval", "VectorEngine",
        .product(name: "GRDB", package: "GRDB.swift", condition: server),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "ConversationMemory",
      dependencies: ["Embeddings", "LanguageModels", "Records", "Retrieval"],
      swiftSettings: strict
    ),
    .target(
      name: "RAG",
      dependencies: ["ConversationMemory", "Embeddings", "LanguageModels", "Records", "Retrieval"],
      swiftSettings: strict
    ),
    .target(
      name: "Evaluation", dependencies: ["ConversationMemory", "RAG", "Records"],
      swiftSettings: strict),
    .target(
      name: "MCPServer",
      dependencies: ["ConversationMemory", "RAG", "Records"],
      swiftSettings: strict
    ),
    .target(
      name: "HTTPTransport",
      dependencies: [
        "MCPServer",
        .product(name: "HTTPTypes", package: "swift-http-types", condition: server),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
        .product(name: "NIOCore", package: "swift-nio", condition: server),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras", condition: server),
        .product(name: "NIOPosix", package: "swift-nio", condition: server),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "TokenVerification",
      dependencies: [
        "MCPServer", "Records", .product(name: "JWTKit", package: "jwt-kit", condition: oauth),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "App",
      dependencies: [
        "ConversationMemory", "EmbeddedBackend", "Embeddings", "Evaluation", "HTTPTransport",
        "LanguageModels", "MCPServer", "RAG", "Records", "Retrieval", "VectorEngine",
        "VectorKernels",
        .target(name: "TokenVerification", condition: oauth),
        .product(name: "Logging", package: "swift-log", condition: server),
      ],
      swiftSettings: strict
    ),
    .target(
      name: "Commands",
      dependencies: [
        "App", "Evaluation", "MCPServer", "Records", "VectorEngine",
        .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
        .product(name: "Logging", package: "swift-log", condition: server),
      ],
      swiftSettings: strict
    ),
    .executableTarget(name: "CLI", dependencies: ["Commands"], swiftSettings: strict),

    // MARK: Examples

    .executableTarget(
      name: "SearchOnly",
      dependencies: ["VectorEngine"],
      path: "Sources/Examples/SearchOnly",
      swiftSettings: strict
    ),

    // MARK: Benchmarks that reach behind what is public; the others are a package of their own

    .executableTarget(
      name: "DurableBench",
      dependencies: [
        "ConversationMemory", "EmbeddedBackend", "Embeddings", "Records", "Retrieval",
        .product(name: "GRDB", package: "GRDB.swift", condition: server),
      ], path: "Benchmarks/Durable", swiftSettings: strict),
    .executableTarget(
      name: "SearchBench",
      dependencies: [
        "ConversationMemory", "EmbeddedBackend", "Embeddings", "Records", "Retrieval",
      ],
      path: "Benchmarks/Search", swiftSettings: strict),
    .executableTarget(
      name: "WordBench",
      dependencies: [
        "ConversationMemory", "EmbeddedBackend", "Embeddings", "LexicalIndex", "Records",
        "Retrieval", "VectorEngine",
      ], path: "Benchmarks/Words", swiftSettings: strict),

    // MARK: Tests

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "KernelTests", dependencies: ["TestSupport", "VectorKernels"], swiftSettings: strict),
    .testTarget(
      name: "VectorEngineTests", dependencies: ["TestSupport", "VectorEngine", "VectorKernels"],
      exclude: ["Golden"], swiftSettings: strict),
    .testTarget(
      name: "LexicalIndexTests", dependencies: ["LexicalIndex", "TestSupport", "VectorEngine"],
      exclude: ["Golden"], swiftSettings: strict),
    // A server that speaks the protocol of models, well or ill.
    .target(
      name: "ModelTestSupport", dependencies: ["LanguageModels", "Records"],
      path: "Tests/ModelTestSupport", swiftSettings: strict),
    .testTarget(
      name: "LanguageModelsTests",
      dependencies: ["LanguageModels", "ModelTestSupport", "Records", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "RecordsTests", dependencies: ["Records", "TestSupport"], swiftSettings: strict),
    .target(
      name: "ServiceTestSupport",
      dependencies: [
        "ConversationMemory", "EmbeddedBackend", "Embeddings", "LanguageModels", "RAG", "Records",
        "TestSupport",
      ], path: "Tests/ServiceTestSupport", swiftSettings: strict),
    .testTarget(
      name: "EmbeddedBackendTests",
      dependencies: [
        "ConversationMemory", "EmbeddedBackend", "Embeddings", "Records", "Retrieval",
        "ServiceTestSupport", "StoreWriter", "TestSupport",
        .product(name: "GRDB", package: "GRDB.swift", condition: server),
      ], exclude: ["Golden"], swiftSettings: strict),
    // A process that tests of the store start eight of.
    .executableTarget(
      name: "StoreWriter",
      dependencies: ["ConversationMemory", "EmbeddedBackend", "Records", "Retrieval"],
      path: "Tests/StoreWriter", swiftSettings: strict),
    .testTarget(
      name: "ConversationMemoryTests",
      dependencies: [
        "CLI", "ConversationMemory", "EmbeddedBackend", "Embeddings", "LanguageModels",
        "ModelTestSupport", "RAG", "Records", "Retrieval", "ServiceTestSupport", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RetrievalTests", dependencies: ["Records", "Retrieval"], swiftSettings: strict),
    .testTarget(
      name: "RAGTests",
      dependencies: [
        "ConversationMemory", "LanguageModels", "ModelTestSupport", "RAG", "Records",
        "ServiceTestSupport", "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AppTests",
      dependencies: ["App", "ConversationMemory", "LanguageModels", "Records", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "CLI", "ConversationMemory", "Evaluation", "Records", "ServiceTestSupport", "TestSupport",
      ],
      swiftSettings: strict),
    .target(
      name: "SchemaTestSupport", dependencies: ["Records"], path: "Tests/SchemaTestSupport",
      swiftSettings: strict),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "CLI", "ModelTestSupport", "Records", "SchemaTestSupport", "TestSupport",
        "TokenTestSupport",
      ],
      swiftSettings: strict),
    .target(
      name: "TokenTestSupport",
      dependencies: ["Records", .product(name: "JWTKit", package: "jwt-kit", condition: oauth)],
      path: "Tests/TokenTestSupport", swiftSettings: strict),
    .testTarget(
      name: "TokenVerificationTests",
      dependencies: [
        "MCPServer", "Records", "TestSupport", "TokenTestSupport",
        .target(name: "TokenVerification", condition: oauth),
      ],
      swiftSettings: strict),
    .testTarget(name: "RepositoryTests", dependencies: ["TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "MCPServerTests",
      dependencies: ["MCPServer", "Records", "SchemaTestSupport", "TestSupport"],
      swiftSettings: strict),
    // They run the program itself, which every build of the tests makes as well.
    .testTarget(
      name: "CommandsTests", dependencies: ["CLI", "Records", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "EmbeddingsTests",
      dependencies: ["Embeddings", "Records", "TestSupport", "VectorKernels"],
      swiftSettings: strict),
  ]
)
