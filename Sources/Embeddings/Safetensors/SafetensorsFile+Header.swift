import Foundation

extension SafetensorsFile {
  /// What is wrong with a header.
  struct Flaw: Error {
    let what: String
  }

  /// The format's own limit; it keeps a garbled length from asking for all memory.
  private static var largestHeader: UInt64 { 100_000_000 }

  static func header(of file: MappedFile) throws(Flaw) -> (header: Data, dataStart: Int) {
    guard file.count >= 8 else { throw Flaw(what: "it is shorter than the length of its header") }
    let length = file.withBytes(0..<8) { bytes in
      bytes.indices.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[$1]) }
    }
    guard length <= largestHeader, length <= UInt64(file.count - 8) else {
      throw Flaw(what: "its header claims \(length) bytes")
    }
    let end = 8 + Int(length)
    let header = file.withBytes(8..<end) { bytes in
      var copy = Data(capacity: bytes.count)
      for position in bytes.indices { copy.append(bytes[position]) }
      return copy
    }
    return (header, end)
  }

  static func tensors(header: Data, data: Range<Int>) throws(Flaw) -> [String: Tensor] {
    guard header.first == UInt8(ascii: "{") else {
      throw Flaw(what: "its header is no JSON object")
    }
    let entries: [String: Entry]
    do {
      entries = try JSONDecoder().decode(Header.self, from: header).entries
    } catch {
      throw Flaw(what: "its header cannot be read")
    }
    // In the order of the file every tensor starts where the one before it ends.
    var end = 0
    var tensors: [String: Tensor] = [:]
    let inOrder = entries.sorted { ($0.value.begin, $0.value.end) < ($1.value.begin, $1.value.end) }
    for (name, entry) in inOrder {
      guard entry.begin == end, entry.end >= entry.begin, entry.end <= data.count else {
        throw Flaw(what: "the tensor \(name) does not lie between its neighbours")
      }
      guard let size = entry.byteCount, size == entry.end - entry.begin else {
        throw Flaw(what: "the tensor \(name) has another size than its shape")
      }
      end = entry.end
      tensors[name] = Tensor(
        elementType: entry.dtype, shape: entry.shape,
        range: data.lowerBound + entry.begin..<data.lowerBound + entry.end)
    }
    guard end == data.count else {
      throw Flaw(what: "it has \(data.count) bytes of data where its header describes \(end)")
    }
    return tensors
  }

  /// The header as it is written: a flat object of entries, and one key for remarks.
  private struct Header: Decodable {
    var entries: [String: Entry] = [:]

    struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      for key in container.allKeys where key.stringValue != "__metadata__" {
        entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
      }
    }
  }

  private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let begin: Int
    let end: Int

    enum CodingKeys: String, CodingKey {
      case dtype
      case shape
      case offsets = "data_offsets"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      dtype = try container.decode(String.self, forKey: .dtype)
      shape = try container.decode([Int].self, forKey: .shape)
      let offsets = try container.decode([Int].self, forKey: .offsets)
      guard offsets.count == 2 else {
        throw DecodingError.dataCorruptedError(
          forKey: .offsets, in: container, debugDescription: "two offsets")
      }
      begin = offsets[0]
      end = offsets[1]
    }

    /// What the shape takes, unless the type is unknown or the product is beyond an `Int`.
    var byteCount: Int? {
      let elementSize: Int
      switch dtype {
      case "BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2": elementSize = 1
      case "U16", "I16", "F16", "BF16": elementSize = 2
      case "U32", "I32", "F32": elementSize = 4
      case "U64", "I64", "F64": elementSize = 8
      default: return nil
      }
      var size = elementSize
      for extent in shape {
        guard extent >= 0 else { return nil }
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard !overflow else { return nil }
        size = product
      }
      return size
    }
  }
}
