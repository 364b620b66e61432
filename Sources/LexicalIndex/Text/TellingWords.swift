import Foundation

/// Finds the words by which groups of texts differ.
///
/// A term's weight in a group is the share of the group's texts that hold it, times how rare it is
/// among all texts: M. Grootendorst's class-based TF-IDF ("BERTopic: Neural topic modeling with a
/// class-based TF-IDF procedure", 2022), but for counting texts and not repetitions, so that one long
/// text does not name its group.
package enum TellingWords {
  /// The words of each group, the most telling first, as they are written most often; equal weights
  /// in the order of letters.
  ///
  /// - Complexity: O(length of the texts).
  package static func of(_ groups: [[String]], count: Int) -> [[String]] {
    var spellings: [String: [String: Int]] = [:]
    let holding = groups.map { texts in
      texts.reduce(into: [String: Int]()) { holding, text in
        var terms: Set<String> = []
        for word in TextAnalyzer.words(of: text) where word.contains(where: \.isLetter) {
          let term = PorterStemmer.stem(word)
          spellings[term, default: [:]][word, default: 0] += 1
          if terms.insert(term).inserted { holding[term, default: 0] += 1 }
        }
      }
    }
    let everywhere = holding.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    let texts = groups.reduce(0) { $0 + $1.count }
    return zip(groups, holding).map { group, holding in
      let weighed = holding.map { term, number in
        let share = Double(number) / Double(group.count)
        let rarity = log(1 + Double(texts) / Double(everywhere[term, default: number]))
        return (term: term, weight: share * rarity)
      }
      return weighed.sorted { $0.weight != $1.weight ? $0.weight > $1.weight : $0.term < $1.term }
        .prefix(count).map { spelling(spellings[$0.term] ?? [:]) ?? $0.term }
    }
  }

  private static func spelling(_ spellings: [String: Int]) -> String? {
    spellings.min { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }?.key
  }
}
