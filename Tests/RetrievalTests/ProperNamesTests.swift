import Retrieval
import Testing

@Suite struct ProperNamesTests {
  @Test(arguments: [
    ("What did Caroline say about Mel's trip to Lisbon?", ["Caroline", "Mel", "Lisbon"]),
    ("Where is parse_request called, and by whom?", ["parse_request"]),
    ("why does HTTPServer.start throw in server.swift", ["HTTPServer.start", "server.swift"]),
    ("is std::sort stable on x86?", ["std::sort", "x86"]),
    ("Who plays in \"The Four Seasons\" at home with us?", ["Four", "Seasons"]),
    ("Did we ask? Caroline said yes, and Omar did not.", ["Omar"]),
    ("Did Nina get into MIT with Max?", ["Nina", "Max"]), ("What hat did Maria buy?", ["Maria"]),
    ("τι είπε η Ελένη χθες", ["Ελένη"]),
  ])
  func `names are told by their capitals, symbols by their form`(query: String, names: [String]) {
    #expect(ProperNames.of(query) == names)
  }

  @Test(arguments: [
    "what did caroline say", "When did I go there on Monday, 8th May 2023?", "Why is RAM full?",
    "How To Cook Rice In A Small Pot", "Welche Datenbank benutzen wir im Projekt?",
    "我们用什么数据库", "the 40km run on the 3rd day", "e.g. this / that", "", "?! …",
  ])
  func `where nothing is named nothing is found`(query: String) {
    #expect(ProperNames.of(query).isEmpty)
  }
}
