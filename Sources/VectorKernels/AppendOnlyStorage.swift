/// Memory for a fixed number of elements that one writer fills from the front while readers look at
/// the part that was already filled when they were told of it.
///
/// This is the mechanism below the engine's snapshots: an element, once appended, never changes and
/// never moves; a reader that holds the storage and a count may read that many elements for as long
/// as it likes. Growing is the owner's policy: it makes a larger storage and copies.
///
/// - Note: `@unchecked Sendable` because `append` is only called by the one writer (the caller
///   holds its lock), writes only beyond every count that was published before, and publishing a
///   count happens under a lock that the reader takes as well.
@safe
package final class AppendOnlyStorage<Element: BitwiseCopyable>: @unchecked Sendable {
  /// How many elements there is room for.
  package let capacity: Int
  /// How many elements have been appended. Only the writer reads this.
  package private(set) var count = 0
  private let base: UnsafeMutablePointer<Element>

  /// Makes room for `capacity` elements, aligned to a cache line.
  package init(capacity: Int) {
    precondition(capacity >= 0, "a capacity is not negative")
    self.capacity = capacity
    let raw = unsafe AlignedMemory.allocate(
      byteCount: max(1, capacity) * MemoryLayout<Element>.stride)
    unsafe base = unsafe raw.bindMemory(to: Element.self, capacity: capacity)
  }

  deinit {
    unsafe base.deallocate()
  }

  /// Appends the elements. There must be room for them.
  package func append(_ elements: Span<Element>) {
    precondition(count + elements.count <= capacity, "append-only storage is full")
    unsafe elements.withUnsafeBufferPointer { elements in
      guard let source = elements.baseAddress else { return }
      unsafe (base + count).initialize(from: source, count: elements.count)
    }
    count += elements.count
  }

  /// Appends one element. There must be room for it.
  package func append(_ element: Element) {
    precondition(count < capacity, "append-only storage is full")
    unsafe (base + count).initialize(to: element)
    count += 1
  }

  /// Lends a range of the elements that were appended before the caller learnt of them.
  package func withSpan<R, E: Error>(
    _ range: Range<Int>, _ body: (Span<Element>) throws(E) -> R
  ) throws(E) -> R {
    precondition(range.lowerBound >= 0 && range.upperBound <= capacity, "range beyond the storage")
    let elements = unsafe UnsafeBufferPointer(
      start: base + range.lowerBound, count: range.count)
    return try body(unsafe elements.span)
  }

  /// Says that the elements from a position on will be read soon: some bytes of them, from which on a
  /// processor follows by itself.
  package func expect(_ position: Int, byteCount: Int) {
    guard position >= 0 && position < capacity else { return }
    unsafe AlignedMemory.expect(base + position, count: byteCount)
  }

  /// One element that was appended before the caller learnt of it.
  package subscript(position: Int) -> Element {
    precondition(position >= 0 && position < capacity, "position beyond the storage")
    return unsafe base[position]
  }
}
