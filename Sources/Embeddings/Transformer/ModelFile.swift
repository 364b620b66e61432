import Foundation

/// Reading the small files of a model's folder.
enum ModelFile {
  /// The bytes of the file.
  ///
  /// - Throws: `modelMissing` when there is no such file, `unavailable` when it cannot be read.
  static func read(_ url: URL) throws(EmbeddingError) -> Data {
    do {
      return try Data(contentsOf: url)
    } catch {
      guard exists(url) else {
        throw EmbeddingError(.modelMissing, "\(url.path) is missing. Install the model again.")
      }
      throw EmbeddingError(.unavailable, "\(url.path) cannot be read: \(error).")
    }
  }

  /// The value that the JSON file holds; as ``read(_:)``, and `modelDamaged` when it holds another.
  static func decode<Value: Decodable>(_ url: URL) throws(EmbeddingError) -> Value {
    let data = try read(url)
    do {
      return try JSONDecoder().decode(Value.self, from: data)
    } catch {
      throw EmbeddingError(
        .modelDamaged, "\(url.path) is not what it should be. Install the model again.")
    }
  }

  static func exists(_ url: URL) -> Bool {
    FileManager.default.fileExists(atPath: url.path)
  }
}
