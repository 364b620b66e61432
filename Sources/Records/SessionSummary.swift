/// What was said in a session, in short and in order.
package struct SessionSummary: Hashable, Sendable {
  /// A piece of a memory, to the letter.
  package struct Line: Hashable, Sendable {
    package let memory: MemoryID
    package let time: Timestamp
    package let text: String

    package init(memory: MemoryID, time: Timestamp, text: String) {
      self.memory = memory
      self.time = time
      self.text = text
    }
  }

  /// A few pieces that stand for what the rest is about, in the order of time.
  package let extract: [Line]
  /// The beginning of each memory, in the order of time; the latest ones of a very long session.
  package let timeline: [Line]
  /// How many memories the session holds.
  package let total: Int

  package init(extract: [Line], timeline: [Line], total: Int) {
    self.extract = extract
    self.timeline = timeline
    self.total = total
  }
}
