import LexicalIndex
import Testing

@Suite struct PorterStemmerTests {
  /// Words and stems, most of them the examples of the article, by the step that they show.
  private static let pairs: [String: [(String, String)]] = [
    "plurals": [
      ("caresses", "caress"), ("ponies", "poni"), ("ties", "ti"), ("caress", "caress"),
      ("cats", "cat"),
    ],
    "past and gerund": [
      ("feed", "feed"), ("agreed", "agre"), ("plastered", "plaster"), ("bled", "bled"),
      ("motoring", "motor"), ("sing", "sing"), ("conflated", "conflat"), ("troubled", "troubl"),
      ("sized", "size"), ("hopping", "hop"), ("tanned", "tan"), ("falling", "fall"),
      ("hissing", "hiss"), ("fizzed", "fizz"), ("failing", "fail"), ("filing", "file"),
    ],
    "final y": [("happy", "happi"), ("sky", "sky"), ("crying", "cry"), ("cries", "cri")],
    "double suffixes": [
      ("relational", "relat"), ("conditional", "condit"), ("rational", "ration"),
      ("valenci", "valenc"), ("hesitanci", "hesit"), ("digitizer", "digit"),
      ("conformabli", "conform"), ("radicalli", "radic"), ("differentli", "differ"),
      ("vileli", "vile"), ("analogousli", "analog"), ("vietnamization", "vietnam"),
      ("predication", "predic"), ("operator", "oper"), ("feudalism", "feudal"),
      ("decisiveness", "decis"), ("hopefulness", "hope"), ("callousness", "callous"),
      ("formaliti", "formal"), ("sensitiviti", "sensit"), ("sensibiliti", "sensibl"),
    ],
    "adjective suffixes": [
      ("triplicate", "triplic"), ("formative", "form"), ("formalize", "formal"),
      ("electriciti", "electr"), ("electrical", "electr"), ("hopeful", "hope"),
      ("goodness", "good"),
    ],
    "residual suffixes": [
      ("revival", "reviv"), ("allowance", "allow"), ("inference", "infer"),
      ("airliner", "airlin"), ("gyroscopic", "gyroscop"), ("adjustable", "adjust"),
      ("defensible", "defens"), ("irritant", "irrit"), ("replacement", "replac"),
      ("adjustment", "adjust"), ("dependent", "depend"), ("adoption", "adopt"),
      ("homologou", "homolog"), ("communism", "commun"), ("activate", "activ"),
      ("angulariti", "angular"), ("homologous", "homolog"), ("effective", "effect"),
      ("bowdlerize", "bowdler"),
    ],
    "final e and l": [
      ("probate", "probat"), ("rate", "rate"), ("cease", "ceas"), ("controll", "control"),
      ("roll", "roll"),
    ],
    "several steps": [
      ("generalizations", "gener"), ("oscillators", "oscil"), ("connected", "connect"),
      ("connecting", "connect"), ("connection", "connect"), ("connections", "connect"),
    ],
    "later revisions": [
      ("is", "is"), ("as", "as"), ("possibly", "possibl"), ("archaeology", "archaeolog"),
      ("apology", "apolog"),
    ],
  ]

  @Test(arguments: pairs.keys.sorted()) func `words have the stems of the article`(step: String) {
    for (word, stem) in Self.pairs[step, default: []] {
      #expect(PorterStemmer.stem(word) == stem, "\(word)")
    }
  }

  @Test func `what is not a word of lower-case ASCII letters stays as it is`() {
    for word in ["", "a", "ab", "über", "http-404", "v1s", "running_s", "Cats", "привет", "猫猫"] {
      #expect(PorterStemmer.stem(word) == word)
    }
  }
}
