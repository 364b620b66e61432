import Foundation
import TestSupport
import Testing

@Suite struct CommandLineTests {
  @Test(arguments: [
    [], ["serve"], ["search"], ["import"], ["embed"], ["model"], ["model", "install"],
    ["model", "list"], ["index"], ["index", "build"], ["index", "inspect"], ["index", "search"],
    ["ask"], ["sessions"], ["sessions", "list"], ["sessions", "show"], ["sessions", "create"],
    ["sessions", "update"], ["sessions", "expire"], ["sessions", "delete"], ["sessions", "stats"],
    ["memories"], ["memories", "list"], ["memories", "show"], ["memories", "add"],
    ["memories", "update"], ["memories", "delete"], ["memories", "clear"], ["memories", "stats"],
    ["memories", "history"], ["memories", "restore"],
  ])
  func `every verb explains itself`(_ verb: [String]) throws {
    let outcome = try RecollectProcess().run(verb + ["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.text.contains("USAGE: recollect"))
    #expect(outcome.standardError.isEmpty)
  }

  @Test(arguments: [["burn"], ["index", "build"], ["index", "inspect", "--deep"], ["embed"]])
  func `wrong use exits with 2 and says so on standard error`(_ arguments: [String]) throws {
    let outcome = try RecollectProcess().run(arguments)
    #expect(outcome.status == 2)
    #expect(outcome.text.isEmpty)
    #expect(!outcome.standardError.isEmpty)
  }
}
