import Records
import Testing

@Suite struct IdentifierTests {
  @Test func `ids are UUIDs of version 7, strictly increasing, at any speed`() throws {
    let before = Timestamp.now()
    let ids = (0..<50_000).map { _ in MemoryID.make() }
    for (a, b) in zip(ids, ids.dropFirst()) { #expect(a < b) }
    for id in ids.prefix(100) {
      let text = Array(id.description)
      #expect(text.count == 36 && text[14] == "7" && "89ab".contains(text[19]))
      let digits = id.description.replacing("-", with: "").prefix(12)
      let milliseconds = try #require(Int64(digits, radix: 16))
      #expect(milliseconds >= before.milliseconds)
    }
  }

  @Test func `ids are made by several threads at once without a repetition`() async {
    let ids = await withTaskGroup(of: [SessionID].self) { group in
      for _ in 0..<4 { group.addTask { (0..<5_000).map { _ in SessionID.make() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(ids).count == 20_000)
  }

  @Test func `an id is read in any case and printed in lower case`() throws {
    let id = try SessionID(" 019CAFB8-D24E-7058-A5C2-64C505D95954 ")
    #expect(id.description == "019cafb8-d24e-7058-a5c2-64c505d95954")
    for text in [
      "", "x", "019cafb8d24e7058a5c264c505d95954", "019cafb8-d24e-7058-a5c2-64c505d9595g",
    ] {
      let error = #expect(throws: ServiceError.self) { try SessionID(text) }
      #expect(error?.field == "session_id" && error?.code == .invalidArgument)
    }
  }

  @Test(arguments: ["a", "A.b_c@d:e+f|g-h", String(repeating: "x", count: 128), "  padded "])
  func `names of users may be`(name: String) throws {
    #expect(try UserID(name).description == name.trimmed)
  }

  @Test(arguments: [
    "", "   ", "a/b", "a b", "é", "a\u{0}", "a\n", String(repeating: "x", count: 129), "a*",
  ])
  func `names of users may not be`(name: String) {
    guard name != "a\n" else {
      // Blanks around a name, line ends included, are cut before it is looked at.
      #expect(throws: Never.self) { try UserID(name) }
      return
    }
    let error = #expect(throws: ServiceError.self) { try UserID(name) }
    #expect(error?.field == "user_id")
  }
}
