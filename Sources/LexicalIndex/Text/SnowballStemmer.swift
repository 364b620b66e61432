import Synchronization

#if canImport(CStemmer)
import CStemmer
#endif

/// The stems of the Snowball project (M. F. Porter and others), through its library.
///
/// Where the library is not there, words of other languages than English stay as they are.
final class SnowballStemmer: Sendable {
  /// One thread at a time may use it.
  private let stemmer: Mutex<Handle>

  /// That of a language; nil for English, whose stems are `PorterStemmer`'s.
  static func of(_ language: Language) -> SnowballStemmer? { all[language] }

  private static let all: [Language: SnowballStemmer] = {
    var all: [Language: SnowballStemmer] = [:]
    for language in Language.allCases where language != .english {
      all[language] = Handle("\(language)").map { SnowballStemmer($0) }
    }
    return all
  }()

  private init(_ handle: Handle) { stemmer = Mutex(handle) }

  /// The stem of a word that has letters only; another word as it is.
  func stem(_ word: String) -> String {
    guard word.unicodeScalars.allSatisfy(\.properties.isAlphabetic) else { return word }
    return stemmer.withLock { $0.stem(word) }
  }

  /// - Note: `@unchecked Sendable` because only the holder of the lock uses it.
  @safe private struct Handle: @unchecked Sendable {
    #if canImport(CStemmer)
    private let pointer: OpaquePointer

    /// Lives as long as the process.
    init?(_ name: String) {
      guard let pointer = unsafe sb_stemmer_new(name, "UTF_8") else { return nil }
      unsafe self.pointer = pointer
    }

    func stem(_ word: String) -> String {
      let bytes = Array(word.utf8)
      return unsafe bytes.withUnsafeBufferPointer { bytes in
        guard
          let found = unsafe sb_stemmer_stem(
            pointer, bytes.baseAddress, Int32(clamping: bytes.count))
        else { return word }
        let length = Int(unsafe sb_stemmer_length(pointer))
        return unsafe String(
          decoding: UnsafeBufferPointer(start: found, count: length), as: UTF8.self)
      }
    }
    #else
    init?(_ name: String) { return nil }
    func stem(_ word: String) -> String { word }
    #endif
  }
}
