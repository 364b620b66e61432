/// A part of a text, in characters from its beginning.
///
/// Characters are Unicode scalars here and in every limit and offset that callers see: any client can
/// count them, whatever its language takes a letter to be.
package struct TextSpan: Hashable, Sendable, Codable {
  /// The first character.
  package let start: Int
  /// The character after the last.
  package let end: Int

  package init(start: Int, end: Int) {
    self.start = start
    self.end = end
  }
}

extension TextSpan: JSONWritable {
  package func write(to writer: inout JSONTextWriter) {
    writer.object { writer in
      writer.member("end", end)
      writer.member("start", start)
    }
  }
}
