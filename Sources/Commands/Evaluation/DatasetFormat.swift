internal import App
internal import ArgumentParser
internal import Evaluation
internal import Foundation
internal import Records

/// How labelled conversations lie in files.
enum DatasetFormat: String, CaseIterable, ExpressibleByArgument {
  case locomo
  case longmemeval
  case jsonl

  /// - Throws: `InputError` naming the file that cannot be read or is not of this format.
  func read(_ path: String) throws -> LabelledDataset {
    switch self {
    case .locomo: try Self.convert(path, LabelledDataset.locomo)
    case .longmemeval: try Self.convert(path, LabelledDataset.longMemEval)
    case .jsonl: try Self.lines(path)
    }
  }

  private static func lines(_ path: String) throws -> LabelledDataset {
    var files = path.split(separator: ",").map(String.init)
    if files.count == 1 {
      let folder = URL(fileURLWithPath: path)
      files = ["conversations.jsonl", "questions.jsonl"].map {
        folder.appendingPathComponent($0).path
      }
    }
    guard files.count == 2 else {
      throw InputError(
        .wrongUse, "\(path): name a folder, or the two files of conversations and questions.")
    }
    return try LabelledDataset(
      records: try JSONLines.read(files[0], as: Application.ImportRecord.self),
      questions: try JSONLines.read(files[1], as: LabelledQuestion.self))
  }

  private static func convert(
    _ path: String, _ read: (Data) throws -> LabelledDataset
  ) throws -> LabelledDataset {
    let data = try JSONLines.data(of: path)
    do {
      return try read(data)
    } catch let error as ServiceError {
      throw InputError(.wrongUse, "\(path): \(error.message)")
    } catch {
      throw InputError(.wrongUse, "\(path) is not what is expected: \(JSONLines.reason(error))")
    }
  }
}
