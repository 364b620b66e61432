/// Where the sections of a segment lie.
///
/// A file may have sections that this program does not know: they are passed over, unless the file
/// says that it cannot be read without them.
struct SectionTable {
  /// A section that others keep beside the rows.
  struct Side {
    let name: String
    let range: Range<Int>
  }

  private var known = [Range<Int>](repeating: 0..<0, count: SegmentFormat.Section.allCases.count)
  private(set) var sides: [Side] = []

  subscript(_ section: SegmentFormat.Section) -> Range<Int> { known[section.rawValue] }

  /// The name of the section that has a byte, for messages.
  func name(at offset: Int) -> String {
    for section in SegmentFormat.Section.allCases
    where !self[section].isEmpty
      && (self[section].lowerBound..<SegmentFormat.roundedUp(self[section].upperBound))
        .contains(offset)
    {
      return "\(section)"
    }
    for side in sides
    where (side.range.lowerBound..<SegmentFormat.roundedUp(side.range.upperBound)).contains(offset)
    {
      return side.name
    }
    return offset < SegmentFormat.headerLength ? "header" : "unknown"
  }

  // MARK: Reading

  private struct Entry {
    let kind: UInt32
    let isRequired: Bool
    let range: Range<Int>
    let name: [UInt8]
  }

  /// Reads the table of a header whose checksum is right.
  ///
  /// Sections lie one after another, each from a multiple of the chunk.
  init(_ header: Span<UInt8>, fileLength: Int, _ path: String) throws(EngineError) {
    let damaged = EngineError(.corrupt, "\(path): the table of sections is damaged.")
    let count = Int(header.number(at: SegmentFormat.Header.sectionCount, as: UInt32.self))
    guard count <= SegmentFormat.TableEntry.largestCount else { throw damaged }
    var end = SegmentFormat.headerLength
    var seen: Set<UInt32> = []
    var lastKinds: [UInt32] = []
    for number in 0..<count {
      guard
        let entry = Self.entry(
          header, number, begin: SegmentFormat.roundedUp(end),
          limit: fileLength - SegmentFormat.footerLength)
      else { throw damaged }
      end = entry.range.upperBound
      lastKinds = lastKinds.suffix(1) + [entry.kind]
      if let section = SegmentFormat.Section.allCases.first(where: { $0.kind == entry.kind }) {
        guard seen.insert(entry.kind).inserted else { throw damaged }
        known[section.rawValue] = entry.range
      } else if entry.kind == SegmentFormat.sideKind {
        let name = String(decoding: entry.name, as: UTF8.self)
        guard !name.isEmpty, Array(name.utf8) == entry.name,
          !sides.contains(where: { $0.name == name })
        else { throw damaged }
        sides.append(Side(name: name, range: entry.range))
      } else if entry.isRequired {
        throw EngineError(
          .unsupportedVersion,
          "\(path) has a section of kind \(entry.kind) that is not known here: use the newer version "
            + "that wrote it.")
      }
    }
    for section in SegmentFormat.Section.allCases where !section.isOptional {
      guard seen.contains(section.kind) else { throw damaged }
    }
    // Checksums cover all that is before them: whatever lay behind them would have none.
    guard lastKinds == [SegmentFormat.Section.checksums.kind, SegmentFormat.Section.roots.kind]
    else { throw damaged }
  }

  private static func entry(
    _ header: Span<UInt8>, _ number: Int, begin: Int, limit: Int
  ) -> Entry? {
    let start = SegmentFormat.Header.table + number * SegmentFormat.TableEntry.length
    let offset: UInt64 = header.number(at: start + SegmentFormat.TableEntry.offset)
    let length: UInt64 = header.number(at: start + SegmentFormat.TableEntry.bytes)
    guard offset == UInt64(begin), begin <= limit, length <= UInt64(limit - begin) else {
      return nil
    }
    let field = start + SegmentFormat.TableEntry.name
    let name = header.bytes(field..<(field + SegmentFormat.TableEntry.nameLength))
    let flags: UInt32 = header.number(at: start + SegmentFormat.TableEntry.flags)
    return Entry(
      kind: header.number(at: start),
      isRequired: flags & SegmentFormat.TableEntry.requiredFlag != 0,
      range: begin..<(begin + Int(length)), name: Array(name.prefix { $0 != 0 }))
  }

  // MARK: Writing

  /// Lays sections out.
  ///
  /// - Parameter lengths: of each section that is not of others and not a checksum.
  init(
    sides lengthsOfSides: [(name: String, length: Int)], _ length: (SegmentFormat.Section) -> Int
  ) {
    var end = SegmentFormat.headerLength
    func place(_ length: Int) -> Range<Int> {
      let begin = SegmentFormat.roundedUp(end)
      end = begin + length
      return begin..<end
    }
    for section in SegmentFormat.Section.allCases {
      switch section {
      case .checksums:
        for side in lengthsOfSides {
          sides.append(Side(name: side.name, range: place(side.length)))
        }
        known[section.rawValue] = place(SegmentFormat.roundedUp(end) / SegmentFormat.chunk * 4)
      case .roots:
        let checksums = SegmentFormat.roundedUp(self[.checksums].count)
        known[section.rawValue] = place(checksums / SegmentFormat.chunk * 4)
      default: known[section.rawValue] = place(length(section))
      }
    }
  }

  var fileLength: Int { self[.roots].upperBound + SegmentFormat.footerLength }

  /// How many entries the table has.
  var count: Int { known.count + sides.count }

  /// The entries as they stand in the header, in the order of the file.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for section in SegmentFormat.Section.allCases {
      if section == .checksums {
        for side in sides { append(SegmentFormat.sideKind, side.range, side.name, to: &bytes) }
      }
      append(section.kind, self[section], "", to: &bytes)
    }
    return bytes
  }

  private func append(
    _ kind: UInt32, _ range: Range<Int>, _ name: String, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    let isKnown = kind != SegmentFormat.sideKind
    bytes.append(number: kind)
    bytes.append(number: isKnown ? SegmentFormat.TableEntry.requiredFlag : 0)
    bytes.append(number: UInt64(range.lowerBound))
    bytes.append(number: UInt64(range.count))
    bytes.appendZeros(upTo: start + SegmentFormat.TableEntry.name)
    bytes.append(contentsOf: name.utf8)
    bytes.appendZeros(upTo: start + SegmentFormat.TableEntry.length)
  }
}
