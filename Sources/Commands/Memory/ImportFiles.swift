internal import App
internal import Foundation
internal import Records

/// The records of the files that an import names.
struct ImportFiles {
  private(set) var records: [Application.ImportRecord] = []
  /// What is no record, or breaks a rule.
  private(set) var refused: [ImportRefusal] = []
  /// What was left behind or became something else.
  private(set) var notes: [String] = []

  /// Reads files of JSON lines, and those of the original Python service, which are told by what is
  /// in them; several of these are read together.
  ///
  /// - Throws: `InputError` naming the file that cannot be read.
  init(_ paths: [String]) throws {
    var documents: [(name: String, value: JSONValue)] = []
    for path in paths {
      let data = try JSONLines.data(of: path)
      if let document = try Self.document(data, path) {
        documents.append((path, document))
      } else {
        addLines(data, path)
      }
    }
    let original = Application.originalRecords(documents)
    records += original.records
    refused += original.refused
    notes += original.notes
  }

  /// The whole of a file of the original; nil for JSON lines.
  private static func document(_ data: Data, _ path: String) throws -> JSONValue? {
    let document: JSONValue
    do throws(JSONTextReader.Fault) {
      document = try JSONTextReader.value(of: Array(data))
    } catch {
      // Lines make no document; neither does one that was cut off, whose first line is no value.
      guard path.hasSuffix(".json"), !beginsWithValue(data) else { return nil }
      throw InputError(.wrongUse, "\(path) is not JSON: \(error.reason) (byte \(error.offset)).")
    }
    return Application.isOriginal(document) ? document : nil
  }

  private static func beginsWithValue(_ data: Data) -> Bool {
    let line = data.prefix { $0 != UInt8(ascii: "\n") }
    do throws(JSONTextReader.Fault) {
      _ = try JSONTextReader.value(of: Array(line))
      return true
    } catch {
      return false
    }
  }

  private mutating func addLines(_ data: Data, _ path: String) {
    JSONLines.each(of: data, as: Application.ImportRecord.self) { number, read in
      let reason: String
      do {
        let record = try read()
        try Application.check(record)
        return records.append(record)
      } catch let error as ServiceError {
        reason = error.message
      } catch {
        reason = "it is not what is expected: \(JSONLines.reason(error))"
      }
      refused.append(ImportRefusal(record: "\(path), line \(number)", reason: reason))
    }
  }
}
