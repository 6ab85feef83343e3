/// A command's name with A-Z folded to a-z, as two machine words and a length, for comparing without a loop.
///
/// Up to 16 bytes the words hold the whole name (they overlap below 16, which the length makes unambiguous). Of a longer
/// one they hold the first and the last eight bytes; whoever compares must compare the bytes between as well.
@frozen
@usableFromInline
struct FoldedName {
  @usableFromInline let head: UInt64
  @usableFromInline let tail: UInt64
  @usableFromInline let count: Int

  /// - Precondition: `count` bytes are readable at `bytes`, and `count` is not 0.
  @inlinable @inline(__always)
  init(_ bytes: UnsafeRawPointer, count: Int) {
    let head: UInt64
    let tail: UInt64
    if count >= 8 {
      head = bytes.loadUnaligned(as: UInt64.self)
      tail = bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    } else if count >= 4 {
      head = UInt64(bytes.loadUnaligned(as: UInt32.self))
      tail = UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
    } else {
      // One to three bytes: first, middle, last.
      head =
        UInt64(bytes.load(as: UInt8.self))
        | UInt64(bytes.load(fromByteOffset: count &>> 1, as: UInt8.self)) &<< 8
        | UInt64(bytes.load(fromByteOffset: count &- 1, as: UInt8.self)) &<< 16
      tail = 0
    }
    self.head = Self.fold(head)
    self.tail = Self.fold(tail)
    self.count = count
  }

  /// Sets bit 5 of exactly the bytes that are A-Z, eight at a time. Adding to seven bits cannot carry into the next byte:
  /// the sum's top bit says "at least A" or "above Z", and counts only where the byte's own top bit is clear.
  @inlinable
  static func fold(_ word: UInt64) -> UInt64 {
    let sevenBits = word & 0x7f7f_7f7f_7f7f_7f7f
    let atLeastA = sevenBits &+ 0x3f3f_3f3f_3f3f_3f3f
    let aboveZ = sevenBits &+ 0x2525_2525_2525_2525
    let isUpper = (atLeastA ^ aboveZ) & ~word & 0x8080_8080_8080_8080
    return word | isUpper &>> 2
  }

  @inlinable
  static func fold(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  /// Two products that do not wait for each other. The top bits are the good ones: every bit below reaches them.
  @inlinable
  func hash(container: UInt16) -> UInt64 {
    let place = UInt64(truncatingIfNeeded: count) | UInt64(container) &<< 32
    return (head ^ place) &* 0x9e37_79b9_7f4a_7c15 &+ tail &* 0xd6e8_feb8_6659_fd93
  }
}
