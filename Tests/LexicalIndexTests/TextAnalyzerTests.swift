import LexicalIndex
import TestSupport
import Testing

@Suite struct TextAnalyzerTests {
  @Test(arguments: [
    ("Ingrid moved to Oslo; Oslo is cold.", ["ingrid", "move", "oslo", "oslo", "cold"]),
    ("RUNNING runners", ["run", "runner"]),
    ("room 42b, 7 days", ["room", "42b", "7", "dai"]),
    ("", []),
    (" \n\t .,;!?()[]{} — … ", []),
  ]) func `words come out in their order, lower-cased, stemmed and with repetitions`(
    text: String, terms: [String]
  ) {
    #expect(TextAnalyzer.terms(of: text) == terms)
  }

  @Test(arguments: [
    ("café", "cafe"), ("cafe\u{301}", "cafe"), ("CAFÉ", "cafe"), ("Ｃａｆｅ", "cafe"),
    ("naïve", "naiv"), ("Straße", "strass"), ("Ærøskøbing", "aeroskob"), ("Łódź", "lodz"),
    ("İzmir", "izmir"), ("ﬁle", "file"), ("Ελλάς", "ελλασ"), ("ΕΛΛΆΣ", "ελλασ"),
    ("Ёлка", "\u{0B}елк"),
    ("soft\u{AD}ware", "softwar"), ("مُحَمَّد", "محمد"), ("x²", "x2"),
  ]) func `accents, case and compatibility forms do not matter`(text: String, term: String) {
    #expect(TextAnalyzer.terms(of: text) == [term])
  }

  @Test func `marks that are letters of their script are kept`() {
    #expect(TextAnalyzer.terms(of: "हिन्दी") == ["हिन्दी"])
    #expect(TextAnalyzer.terms(of: "がく") != TextAnalyzer.terms(of: "かく"))
  }

  @Test(arguments: [
    ("Ingrid's dog", ["ingrid", "dog"]), ("Ingrid’s dog", ["ingrid", "dog"]),
    ("the students' rooms", ["student", "room"]), ("I don't smoke", ["smoke"]),
    ("she'll sail", ["sail"]), ("they can't and won't swim", ["swim"]),
    ("O'Brien", ["obrien", "o", "brien"]), ("l’école", ["lecol", "l", "ecol"]),
    ("'quoted'", ["quot"]),
  ]) func `apostrophes end a word's English endings and divide other words`(
    text: String, terms: [String]
  ) {
    #expect(TextAnalyzer.terms(of: text) == terms)
  }

  @Test(arguments: [
    ("snake_case_name", ["snake_case_name", "snake", "case", "name"]),
    ("camelCase", ["camelcas", "camel", "case"]),
    ("parseHTTPResponse", ["parsehttprespons", "pars", "http", "respons"]),
    ("URLs", ["url"]),
    ("Foo2Bar", ["foo2bar", "foo2", "bar"]),
    ("src/foo/bar.swift", ["src/foo/bar.swift", "src", "foo", "bar", "swift"]),
    ("/usr/lib", ["usr/lib", "usr", "lib"]),
    ("C:\\Temp", ["c:\\temp", "c", "temp"]),
    ("ERR_CONN_42", ["err_conn_42", "err", "conn", "42"]),
    ("HTTP-404.", ["http-404", "http", "404"]),
    ("v1.2.3", ["v1.2.3", "v1", "2", "3"]),
    ("std::vector", ["std::vector", "std", "vector"]),
    ("https://example.org/a", ["https://example.org/a", "http", "exampl", "org"]),
    ("ann@example.org", ["ann@example.org", "ann", "exampl", "org"]),
    ("well-known", ["well-known", "well", "known"]),
    ("well\u{2011}known", ["well-known", "well", "known"]),
    ("2023-05-08", ["2023-05-08", "2023", "05", "08"]),
    ("__init__", ["init"]),
    ("wait...what--ever", ["wait", "ever"]),
    ("main.swift's", ["main.swift", "main", "swift"]),
  ]) func `identifiers, paths and codes are kept whole and in parts`(
    text: String, terms: [String]
  ) {
    #expect(TextAnalyzer.terms(of: text) == terms)
  }

  @Test(arguments: [
    ("東京都", ["東京", "京都"]), ("猫", ["猫"]), ("猫 が", ["猫", "が"]),
    ("カタカナ", ["カタ", "タカ", "カナ"]), ("ｶﾅ", ["カナ"]), ("我用iPhone手机", ["我用", "iphon", "phone", "手机"]),
    ("第3章", ["第", "3", "章"]), ("한국어", ["한국", "국어"]), ("人々", ["人々"]),
    ("ไทย", ["ไท", "ทย"]), ("น้ำ", ["น้ํา"]),
  ]) func `scripts without spaces give overlapping pairs`(text: String, terms: [String]) {
    // The pronoun in `iPhone` is a stop word, so the part is not there.
    #expect(TextAnalyzer.terms(of: text) == terms)
  }

  @Test func `a part of a Japanese or Chinese sentence shares its pairs`() {
    let sentence = Set(TextAnalyzer.terms(of: "昨日、京都で美味しいラーメンを食べました。"))
    for query in ["京都", "ラーメン", "美味しい"] {
      #expect(sentence.isSuperset(of: TextAnalyzer.terms(of: query)), "\(query)")
    }
  }

  @Test(arguments: [
    ("great 👍🏽 job👍", ["great", "👍", "job", "👍"]), ("❤️ ❤", ["❤", "❤"]),
    ("👩‍💻", ["👩‍💻"]), ("🇳🇴🇸🇪", ["🇳🇴", "🇸🇪"]), ("© 5 € ✓", ["5"]),
  ]) func `emoji are terms and other symbols are not`(text: String, terms: [String]) {
    #expect(TextAnalyzer.terms(of: text) == terms)
  }

  /// A dash of another script has the same text read the general way; it is no term itself.
  @Test func `a text of ASCII has the terms that it has among other scripts`() {
    var generator = SeededGenerator(seed: 7)
    let pieces = [
      "a", "B", "cd", "Ef", "GH", "7", "42", " ", " ", " ", "'", "'s", "n't", "'ll", "-", "_", ".",
      "/",
      "\\", ":", "@", "::", "://", "--", "...", ",", "(", "#", "\n", "\t", "\r\n", "ing", "ied",
      "URLs",
    ]
    for _ in 0..<4000 {
      let count = Int.random(in: 0...14, using: &generator)
      let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
      #expect(TextAnalyzer.terms(of: text) == TextAnalyzer.terms(of: text + " \u{2014}"), "\(text)")
    }
  }

  @Test func `stop words are left out unless there is nothing else`() {
    #expect(TextAnalyzer.terms(of: "what is the name of her dog") == ["name", "dog"])
    #expect(
      TextAnalyzer.terms(of: "To be or not to be") == ["to", "be", "or", "not", "to", "be"])
    #expect(TextAnalyzer.terms(of: "in May") == ["mai"])
  }

  @Test func `terms of terms are no others, so that nothing depends on who analyses`() {
    let text = "Ingrid's HTTP-404 in src/foo/bar.swift; café, 東京都 👍 v1.2.3 über-Straße"
    for term in TextAnalyzer.terms(of: text) {
      #expect(TextAnalyzer.terms(of: term).first == term)
    }
  }
}
