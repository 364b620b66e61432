import Foundation
import TestSupport
import Testing

/// The direction of imports, as the architecture article has it.
@Suite struct ImportTests {
  /// What each target of ours may import of ours.
  private static let allowed: [String: Set<String>] = [
    "COpenBLAS": [],
    "CStemmer": [],
    "CVectorKernels": ["COpenBLAS"],
    "VectorKernels": ["CVectorKernels"],
    "VectorEngine": ["VectorKernels"],
    "LexicalIndex": ["CStemmer", "VectorEngine"],
    "Records": [],
    "LanguageModels": ["Records"],
    "Embeddings": ["VectorKernels", "Records"],
    "Retrieval": ["Records", "Embeddings"],
    "EmbeddedBackend": ["VectorEngine", "LexicalIndex", "Records", "Retrieval"],
    "ConversationMemory": ["Retrieval", "Embeddings", "LanguageModels", "Records"],
    "RAG": ["Retrieval", "Embeddings", "LanguageModels", "ConversationMemory", "Records"],
    "Evaluation": ["ConversationMemory", "RAG", "Records"],
    "MCPServer": ["ConversationMemory", "RAG", "Records"],
    "HTTPTransport": ["MCPServer"],
    "TokenVerification": ["MCPServer", "Records"],
    "App": [
      "VectorKernels", "VectorEngine", "LexicalIndex", "Records", "Embeddings", "Retrieval",
      "EmbeddedBackend", "ConversationMemory", "RAG", "Evaluation", "MCPServer",
      "HTTPTransport", "LanguageModels", "TokenVerification",
    ],
    "Commands": ["App", "Evaluation", "MCPServer", "VectorEngine", "Records"],
    "CLI": ["Commands"],
    "Examples": ["VectorEngine"],
  ]

  /// Outside packages, and where alone they may be named.
  private static let outside: [String: Set<String>] = [
    "GRDB": ["EmbeddedBackend"],
    "ArgumentParser": ["Commands"],
    "Logging": ["App", "Commands", "HTTPTransport"],
    "JWTKit": ["TokenVerification"],
    "HTTPTypes": ["HTTPTransport"],
    "HummingbirdCore": ["HTTPTransport"],
    "NIOCore": ["HTTPTransport"],
    "NIOHTTPTypes": ["HTTPTransport"],
    "NIOPosix": ["HTTPTransport"],
  ]

  @Test func `every target imports only what it may`() throws {
    let sources = Checkout.root.appendingPathComponent("Sources")
    let targets = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(Set(targets) == Set(Self.allowed.keys), "a target is missing in the table, or gone")
    let ours = Set(Self.allowed.keys)
    for target in targets {
      for file in SourceFile.all(below: "Sources/\(target)") {
        for module in file.imports {
          if ours.contains(module) {
            #expect(
              Self.allowed[target]?.contains(module) == true,
              "\(file.path) imports \(module): \(target) must not know it")
          } else if let users = Self.outside[module] {
            #expect(users.contains(target), "\(file.path) imports \(module): only \(users) may")
          }
        }
      }
    }
  }

  @Test func `the table of the architecture article is this one`() throws {
    let article = try String(
      contentsOf: Checkout.root.appendingPathComponent(
        "Sources/VectorEngine/VectorEngine.docc/Architecture.md"), encoding: .utf8)
    for (target, modules) in Self.allowed where target != "Examples" && target != "App" {
      let row = article.split(separator: "\n").first { $0.hasPrefix("| `\(target)` |") }
      let cells = (row ?? "").split(separator: "|", omittingEmptySubsequences: false)
      let named = Set(
        (cells.dropLast().last ?? "").matches(of: /`([A-Za-z]+)`/).map { String($0.1) })
      #expect(named == modules, "the article's row of \(target) names \(named.sorted())")
    }
  }

  @Test func `only kernels and mapped files use unsafe pointers`() {
    for file in SourceFile.all(below: "Sources") {
      let isHome =
        file.path.contains("/VectorKernels/") || file.path.hasSuffix("MappedFile.swift")
      guard !isHome else { continue }
      for word in ["UnsafePointer<", "UnsafeMutablePointer<", "UnsafeRawPointer(", "OpaquePointer"]
      {
        let lines = file.lines.filter { $0.contains(word) }
        let known = Self.knownUnsafe.contains { file.path.hasSuffix($0) }
        #expect(lines.isEmpty || known, "\(file.path) uses \(word): move it to VectorKernels")
      }
    }
  }

  /// Files that hand bytes to the system or a library, or keep atomic words; each keeps its pointers to itself.
  private static let knownUnsafe = [
    "Segments/FolderFile.swift", "Segments/Segment.swift", "Transport/FileDescriptor.swift",
    "HTTP/Resolver.swift", "HTTP/OpenSSL.swift",
    "Text/SnowballStemmer.swift",
  ]
}
