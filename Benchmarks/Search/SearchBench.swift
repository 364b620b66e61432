// What a search costs without the embedding of its query, in process.
//
//   SearchBench measure <folder> [<users> [<memories of each> [<searches>]]]
//   SearchBench answers <data directory> <questions, JSON lines>
import Embeddings
import Foundation
import Records

@main
enum SearchBench {
  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    func number(_ position: Int, or usual: Int) -> Int {
      arguments.count > position ? Int(arguments[position]) ?? usual : usual
    }
    switch arguments.first {
    case "measure" where arguments.count > 1:
      let population = Population(
        users: number(2, or: 1_000), memories: number(3, or: 1_000))
      let folder = try population.store(
        in: URL(fileURLWithPath: arguments[1], isDirectory: true))
      try Measurement(population, folder, searches: number(4, or: 20_000)).run()
    case "answers" where arguments.count == 3:
      try Answers(URL(fileURLWithPath: arguments[1], isDirectory: true))
        .write(to: URL(fileURLWithPath: arguments[2]))
    default:
      print("SearchBench measure <folder> [<users> [<memories of each> [<searches>]]]")
      print("SearchBench answers <data directory> <questions, JSON lines>")
      exit(64)
    }
  }
}
