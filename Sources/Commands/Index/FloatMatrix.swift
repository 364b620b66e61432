/// Vectors of one dimension, one after another.
struct FloatMatrix: Sendable {
  /// `count × dimension`, row-major.
  let elements: [Float]
  let count: Int
  let dimension: Int

  init(elements: [Float], count: Int, dimension: Int) {
    precondition(elements.count == count * dimension, "a matrix has count × dimension elements")
    self.elements = elements
    self.count = count
    self.dimension = dimension
  }

  /// Where the elements of some rows are.
  func range(of rows: Range<Int>) -> Range<Int> {
    (rows.lowerBound * dimension)..<(rows.upperBound * dimension)
  }
}
