/// Numbers the keys of memories in the order in which they come.
///
/// A search asks it a thousand times: it is a table with open places and a hash of one multiplication,
/// which will do because keys are numbers that the store has given out itself.
package struct KeyTable {
  private var keys: [Int64]
  /// One more than the number; 0 where nothing is.
  private var numbers: [UInt32]
  private var shift: UInt64
  /// How many keys there are.
  package private(set) var count = 0

  /// - Parameter capacity: about how many there will be.
  package init(capacity: Int = 0) {
    // At most half full, so that looks end soon.
    let bits = max(4, UInt64.bitWidth - (2 * capacity).leadingZeroBitCount)
    shift = UInt64(UInt64.bitWidth - bits)
    keys = Array(repeating: 0, count: 1 << bits)
    numbers = Array(repeating: 0, count: 1 << bits)
  }

  /// The number of a key; nil when it never came.
  package subscript(key: Int64) -> Int? {
    let number = numbers[place(of: key)]
    return number == 0 ? nil : Int(number) - 1
  }

  /// The number of a key, which gets one when it is new.
  package mutating func insert(_ key: Int64) -> (number: Int, isNew: Bool) {
    if 2 * count >= keys.count { grow() }
    let place = place(of: key)
    guard numbers[place] == 0 else { return (Int(numbers[place]) - 1, false) }
    count += 1
    keys[place] = key
    numbers[place] = UInt32(count)
    return (count - 1, true)
  }

  /// Where a key is, or would be.
  private func place(of key: Int64) -> Int {
    let hash = UInt64(bitPattern: key) &* 0x9E37_79B9_7F4A_7C15
    var place = Int(truncatingIfNeeded: hash >> shift)
    while numbers[place] != 0, keys[place] != key { place = (place + 1) & (keys.count - 1) }
    return place
  }

  private mutating func grow() {
    var larger = KeyTable(capacity: 2 * count)
    for place in keys.indices where numbers[place] != 0 {
      let free = larger.place(of: keys[place])
      larger.keys[free] = keys[place]
      larger.numbers[free] = numbers[place]
    }
    larger.count = count
    self = larger
  }
}
