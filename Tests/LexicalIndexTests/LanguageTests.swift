import LexicalIndex
import Testing

@Suite struct LanguageTests {
  struct Sample: Sendable, CustomTestStringConvertible {
    let language: Language
    let text: String
    let other: String
    /// A word of the text in another form.
    let query: String
    var testDescription: String { "\(language)" }
  }

  static let samples = [
    Sample(
      language: .german,
      text: "Wir haben gestern die Häuser in der Altstadt besichtigt und waren begeistert.",
      other: "Das Auto steht noch in der Werkstatt, weil es nicht fährt.", query: "Haus"),
    Sample(
      language: .french,
      text: "Nous avons visité les musées de la ville avec nos enfants.",
      other: "Je ne peux pas venir ce soir parce que le train est en retard.", query: "musée"),
    Sample(
      language: .spanish,
      text: "Las organizaciones de la ciudad no tienen dinero para esto.",
      other: "Mi hermana vive desde hace años en una casa con jardín.", query: "organización"),
    Sample(
      language: .italian,
      text: "Le ragazze della scuola sono andate al mare con gli amici.",
      other: "Questo treno non è mai in orario, però non costa molto.", query: "ragazza"),
    Sample(
      language: .portuguese,
      text: "As consultas com os clientes foram canceladas até a próxima semana.",
      other: "Eu não gosto de café, mas também não bebo chá.", query: "cancelado"),
    Sample(
      language: .dutch,
      text: "Ik heb de boeken gisteren naar de bibliotheek gebracht.",
      other: "Mijn fiets is niet meer te vinden en dat is heel jammer.", query: "boek"),
    Sample(
      language: .swedish,
      text: "Flickorna lekte med bollarna i parken och det var inte kallt.",
      other: "Jag har köpt en ny cykel till min bror.", query: "flicka"),
    Sample(
      language: .norwegian,
      text: "Guttene spilte fotball på skolen, og jeg så ikke noe av det.",
      other: "Hun har ikke vært hjemme siden i går, men nå kommer hun.", query: "gutten"),
    Sample(
      language: .danish,
      text: "Drengene blev hjemme, og jeg hørte ikke noget af det.",
      other: "Hvad har du lavet af mad til dine gæster i aften, og hvornår blev det færdigt?",
      query: "drengen"),
    Sample(
      language: .finnish,
      text: "Talossa on monta huonetta, mutta minä en ole vielä nähnyt niitä.",
      other: "Hän ei ole enää täällä, koska juna oli myöhässä ja hänen piti lähteä.",
      query: "talon"),
    Sample(
      language: .russian,
      text: "Мы вчера купили новые книги для сестры, но ещё не читали их.",
      other: "Он не может прийти, потому что поезд опаздывает.", query: "книга"),
  ]

  @Test(arguments: samples)
  func `a word is found in another form of its language`(sample: Sample) throws {
    #expect(TextAnalyzer.language(of: sample.text) == sample.language)
    #expect(TextAnalyzer.language(of: sample.other) == sample.language)
    let collection = LexicalCollection()
    for (id, text) in [
      sample.text, sample.other, "We saw the old town yesterday and liked it very much.",
    ].enumerated() {
      collection.upsert(LexicalRow(text), id: UInt64(id), user: "ann", session: nil)
    }
    let found = collection.snapshot().search(
      LexicalQuery(sample.query), scope: .user("ann"), count: 10)
    #expect(found.matches.map(\.id) == [0])
    // Words of grammar say nothing.
    let stop = LexicalRow(sample.text).terms
    #expect(stop.count < sample.text.split(separator: " ").count - 1, "\(stop)")
  }

  @Test(arguments: samples)
  func `every word of a text finds it as it is written, whatever language that is taken for`(
    sample: Sample
  ) {
    let collection = LexicalCollection()
    for (id, text) in Self.samples.map(\.text).enumerated() {
      collection.upsert(LexicalRow(text), id: UInt64(id), user: "ann", session: nil)
    }
    let place = Self.samples.firstIndex { $0.text == sample.text }.map { UInt64($0) }
    for word in TextAnalyzer.words(of: sample.text) {
      let found = collection.snapshot().search(
        LexicalQuery(word), scope: .user("ann"), count: 20)
      #expect(found.matches.contains { $0.id == place }, "\(word)")
    }
  }

  @Test(arguments: [
    "I met Vincent van Gogh in Los Angeles and he was on a date with Maria de la Cruz.",
    "set var = con.query(sql) // no luck", "Die hard fans", "HTTP-404 in parse_request", "Berlin",
    "",
    "Que sera, that is what she said about the le mans race", "is it so?", "東京タワーに行きました",
    "Ingrid's dog", "O'Brien and d'Artagnan", "a) b) c) d) e)",
    "Caroline: I had a blast at the café, it was fun", "do la re mi fa so la ti do",
    "Todo: fix the todo list", "MIT license MIT allows commercial use",
    "Ella's birthday: Ella wants a bike", "Mia called, Mia is late", "dir /s dir /b",
  ])
  func `English, code and names are not taken for other languages`(text: String) {
    #expect(TextAnalyzer.language(of: text) == .english)
    #expect(TextAnalyzer.terms(of: text).allSatisfy { ($0.utf8.first ?? 0) >= 0x20 })
  }

  @Test func `texts of other languages change nothing for those in English, bit for bit`() {
    let english = [
      "the organization was organized by bodies of students", "gifts and a gift for the house",
      "Berlin is a town of parks", "students in parks",
    ]
    let alone = LexicalCollection()
    let mixed = LexicalCollection()
    for (id, text) in english.enumerated() {
      for collection in [alone, mixed] {
        collection.upsert(LexicalRow(text), id: UInt64(id), user: "ann", session: "s")
      }
    }
    for (id, sample) in Self.samples.enumerated() {
      mixed.upsert(LexicalRow(sample.text), id: UInt64(100 + id), user: "bob", session: "s")
    }
    for query in [
      "organizations of students", "gifts", "parks in Berlin", "body", "house die Häuser",
    ] {
      let query = LexicalQuery(query)
      #expect(
        alone.snapshot().search(query, scope: .user("ann"), count: 9).matches
          == mixed.snapshot().search(query, scope: .user("ann"), count: 9).matches)
    }
  }

  @Test func `a word that is in several languages counts as one`() {
    let collection = LexicalCollection()
    let texts = [
      "Berlin is a town of parks", "Wir waren nicht in Berlin, aber in Hamburg und Köln.",
    ]
    for (id, text) in texts.enumerated() {
      collection.upsert(LexicalRow(text), id: UInt64(id), user: "ann", session: nil)
    }
    let found = collection.snapshot().search(
      LexicalQuery("Berlin"), scope: .user("ann"), count: 9)
    #expect(Set(found.matches.map(\.id)) == [0, 1])
    #expect(found.matches.allSatisfy { $0.score > 0 && $0.score < 1 })
  }
}
