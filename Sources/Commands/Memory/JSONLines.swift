internal import Foundation
internal import Records

/// Files with one JSON value a line.
enum JSONLines {
  /// The values of a file; blank lines are passed over.
  ///
  /// - Throws: `InputError` naming the file, or the line that is not what it should be.
  static func read<Value: Decodable>(_ path: String, as type: Value.Type) throws -> [Value] {
    var values: [Value] = []
    try each(of: try data(of: path), as: Value.self) { number, read in
      do {
        values.append(try read())
      } catch let error as ServiceError {
        throw InputError(.wrongUse, "\(path), line \(number): \(error.message)")
      } catch {
        throw InputError(
          .wrongUse, "\(path), line \(number) is not what is expected: \(reason(error))")
      }
    }
    return values
  }

  /// Hands out the lines that are not blank, counted from 1, each with what reads its value.
  static func each<Value: Decodable, Failure: Error>(
    of data: Data, as type: Value.Type,
    _ body: (Int, () throws -> Value) throws(Failure) -> Void
  ) throws(Failure) {
    let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated()
    where line.contains(where: { !" \t\r".utf8.contains($0) }) {
      try body(number + 1) { try JSON.value(Value.self, from: Data(line)) }
    }
  }

  /// The bytes of a file, or of standard input for `-`.
  ///
  /// - Throws: `InputError` naming the file.
  static func data(of path: String) throws -> Data {
    do {
      return try path == "-"
        ? FileHandle.standardInput.readToEnd() ?? Data()
        : Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw InputError(.unavailable, "\(path) cannot be read: \(error.localizedDescription)")
    }
  }

  /// What is wrong with a value that could not be read.
  static func reason(_ error: any Error) -> String {
    switch error {
    case DecodingError.keyNotFound(let key, _): "it has no \(key.stringValue)."
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.dataCorrupted(let context):
      (context.codingPath.map(\.stringValue) + [context.debugDescription]).joined(separator: ": ")
    default: "\(error)"
    }
  }
}
