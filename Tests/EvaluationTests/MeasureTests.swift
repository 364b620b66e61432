import Evaluation
import Foundation
import Records
import TestSupport
import Testing

@Suite struct QuestionScoreTests {
  private func score(_ ranking: [Int], _ evidence: Set<Int>) -> QuestionScore {
    QuestionScore(ranking: ranking, evidence: evidence, cutoffs: [1, 2, 5])
  }

  @Test func `the measures are those computed by hand`() {
    let score = score([7, 3, 9, 4, 1], [3, 4, 8])
    let (third, twoThirds): (Double, Double) = (1.0 / 3, 2.0 / 3)
    #expect(score.recall == [1: 0, 2: third, 5: twoThirds, 10: twoThirds])
    #expect(score.reciprocalRank == 0.5)
    let gain = 1 / log2(3.0) + 1 / log2(5.0)
    let best = 1 / log2(2.0) + 1 / log2(3.0) + 1 / log2(4.0)
    #expect(abs(score.gainAt10 - gain / best) < 1e-12)
  }

  @Test func `nothing found scores 0, everything first scores 1`() {
    for ranking in [[], [5, 6]] {
      let missed = score(ranking, [1])
      #expect(missed.recall.values.allSatisfy { $0 == 0 })
      #expect(missed.gainAt10 == 0 && missed.reciprocalRank == 0)
    }
    let perfect = score([2, 1, 9], [1, 2])
    #expect(perfect.recall == [1: 0.5, 2: 1, 5: 1, 10: 1])
    #expect(perfect.gainAt10 == 1 && perfect.reciprocalRank == 1)
    // Ten places hold no more than ten: that is the most that can be gained.
    let many = score(Array(1...12), Set(1...12))
    let tenOfTwelve = 10.0 / 12
    #expect(many.gainAt10 == 1 && many.recall[10] == tenOfTwelve)
  }

  @Test func `a hit at the eleventh place is no gain but has a rank`() {
    let late = score(Array(1...11), [11])
    #expect(late.gainAt10 == 0 && late.recall[10] == 0)
    #expect(late.reciprocalRank == 1.0 / 11)
  }

  @Test func `recall grows with k, and no measure leaves 0 to 1`() {
    for seed in 0..<200 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let ranking = Array((0..<40).shuffled(using: &generator).prefix(30))
      let evidence = Set((0..<40).shuffled(using: &generator).prefix(Int(seed % 12) + 1))
      let score = QuestionScore(ranking: ranking, evidence: evidence, cutoffs: Array(1...40))
      let recall: [Double] = (1...40).compactMap { score.recall[$0] }
      #expect(recall.count == 40 && recall == recall.sorted(), "seed \(seed)")
      let found = Double(evidence.intersection(ranking).count)
      #expect(recall.last == found / Double(evidence.count), "seed \(seed)")
      #expect((0...1).contains(score.gainAt10) && (0...1).contains(score.reciprocalRank))
    }
  }

  @Test func `only where the evidence stands matters, not what stands around it`() {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let evidence: Set = [1, 2, 3]
      let ranking = (0..<20).shuffled(using: &generator)
      // Evidence and other things change places among themselves.
      var found = ranking.filter(evidence.contains).shuffled(using: &generator)
      var others = ranking.filter { !evidence.contains($0) }.shuffled(using: &generator)
      let permuted = ranking.map {
        evidence.contains($0) ? found.removeLast() : others.removeLast()
      }
      #expect(score(ranking, evidence) == score(permuted, evidence), "seed \(seed)")
    }
  }

  @Test func `moving evidence forward never lowers a measure`() {
    for seed in 0..<100 as Range<UInt64> {
      var generator = SeededGenerator(seed: seed)
      let evidence: Set = [1, 2, 3]
      let ranking = (0..<15).shuffled(using: &generator)
      for place in 1..<15 where evidence.contains(ranking[place]) {
        var better = ranking
        better.swapAt(place, place - 1)
        let (before, after) = (score(ranking, evidence), score(better, evidence))
        #expect(after.gainAt10 >= before.gainAt10 - 1e-12, "seed \(seed)")
        #expect(after.reciprocalRank >= before.reciprocalRank, "seed \(seed)")
        for (cutoff, recall) in before.recall { #expect((after.recall[cutoff] ?? -1) >= recall) }
      }
    }
  }
}

@Suite struct MeanScoresTests {
  @Test func `every question counts the same`() throws {
    let scores = [
      QuestionScore(ranking: [1, 2], evidence: [1], cutoffs: [1]),
      QuestionScore(ranking: [2, 1], evidence: [1], cutoffs: [1]),
      QuestionScore(ranking: [3, 4], evidence: [1, 3, 5, 6], cutoffs: [1]),
    ]
    let mean = MeanScores(of: scores, seed: 1)
    #expect(mean.questions == 3)
    let (first, tenth): (Double, Double) = (1.25 / 3, 2.25 / 3)
    #expect(mean.recall == [1: first, 10: tenth])
    #expect(abs(mean.meanReciprocalRank - 2.5 / 3) < 1e-12)
    let json = try JSON.value(JSONValue.self, from: try JSON.data(mean))
    #expect(
      json.object?.keys.sorted()
        == ["mrr", "ndcg@10", "questions", "recall@1", "recall@10", "recall@10_interval"])
  }

  @Test func `the interval holds the mean, is repeatable, and shrinks with more questions`() {
    var generator = SeededGenerator(seed: 3)
    let values = (0..<400).map { _ in Double.random(in: 0...1, using: &generator) }
    let mean = values.reduce(0, +) / 400
    let interval = Bootstrap.interval(of: values, seed: 5)
    #expect(interval.contains(mean))
    #expect(interval == Bootstrap.interval(of: values, seed: 5))
    #expect(interval != Bootstrap.interval(of: values, seed: 6))
    // Of 400 uniform values the mean's standard error is 0.0144: 95% are within 1.96 of them.
    let width = interval.upperBound - interval.lowerBound
    #expect(abs(width - 0.0566) < 0.012)
    let few = Bootstrap.interval(of: Array(values.prefix(25)), seed: 5)
    #expect(few.upperBound - few.lowerBound > width)
    #expect(Bootstrap.interval(of: [0.25, 0.25], seed: 1) == 0.25...0.25)
  }
}
