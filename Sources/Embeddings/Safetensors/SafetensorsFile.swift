import Foundation

/// A file of named tensors in the format `safetensors`, checked completely when it is opened.
///
///     0          8                    8 + n                          end
///     ├── n ─────┼── header, n bytes ─┼── data ──────────────────────┤
///       u64 LE     JSON: name → dtype, shape, data_offsets [begin, end) in the data
///
/// The tensors fill the data without gap and without overlap, and each has as many bytes as its
/// shape and element type say; anything else is refused. The numbers themselves are not looked at.
struct SafetensorsFile: Sendable {
  /// Where a tensor lies.
  struct Tensor: Equatable, Sendable {
    /// The type of the elements, as the file names it: `F32`, `I64`, …
    let elementType: String
    let shape: [Int]
    /// In bytes, from the start of the file.
    let range: Range<Int>
  }

  let url: URL
  let file: MappedFile
  let tensors: [String: Tensor]

  /// Opens the file and checks its header.
  ///
  /// - Throws: `modelMissing`, `unavailable`, or `modelDamaged` with what is wrong.
  init(_ url: URL) throws(EmbeddingError) {
    self.url = url
    file = try MappedFile(url)
    let header: Data
    let dataStart: Int
    do throws(Flaw) {
      (header, dataStart) = try Self.header(of: file)
      tensors = try Self.tensors(header: header, data: dataStart..<file.count)
    } catch {
      throw EmbeddingError(
        .modelDamaged, "\(url.path) is damaged: \(error.what). Install the model again.")
    }
  }

  /// The tensor of 32-bit floats with that name and shape.
  func floats(_ name: String, shape: [Int]) throws(EmbeddingError) -> Tensor {
    guard let tensor = tensors[name] else {
      throw EmbeddingError(.modelDamaged, "\(url.path) has no tensor \(name).")
    }
    guard tensor.shape == shape else {
      throw EmbeddingError(
        .modelDamaged, "The tensor \(name) of \(url.path) is \(tensor.shape), not \(shape).")
    }
    guard tensor.elementType == "F32" else {
      throw EmbeddingError(
        .unsupportedModel,
        "The tensor \(name) of \(url.path) has elements of type \(tensor.elementType), not F32.")
    }
    return tensor
  }
}
