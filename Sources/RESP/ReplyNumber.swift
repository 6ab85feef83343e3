/// A number line inside a reply, from behind its type byte to behind its CRLF.
enum ReplyNumber {
  /// The value, and the index behind the line's CRLF.
  case value(Int, next: Int)
  /// Right so far, but not finished.
  case unfinished
  case malformed(ReplySyntaxError)

  /// Reads the line that begins at `start`. Such lines are short (a sign, 19 digits, CRLF), so an unfinished one is
  /// read again from its start without harm; a 20th digit is refused at once.
  ///
  /// Invariant: `0 <= start`, and `bytes[..<end]` is readable.
  static func read(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> ReplyNumber {
    var index = start
    guard index < end else { return .unfinished }
    let negative = bytes[index] == Byte.minus
    if negative { index &+= 1 }
    let digits = index
    var magnitude: UInt = 0
    while true {
      guard index < end else { return .unfinished }
      let digit = bytes[index] &- Byte.zero
      guard digit <= 9 else { break }
      // 19 digits cannot overflow 64 bits without a sign.
      guard index &- digits < 19, magnitude != 0 || index == digits else { return .malformed(.invalidNumber) }
      magnitude = magnitude &* 10 &+ UInt(truncatingIfNeeded: digit)
      index &+= 1
    }
    if index == digits {
      return .malformed(bytes[index] == UInt8(ascii: "?") && !negative ? .streamed : .invalidNumber)
    }
    guard magnitude <= UInt(bitPattern: Int.max) &+ (negative ? 1 : 0), !(negative && magnitude == 0) else {
      return .malformed(.invalidNumber)
    }
    guard bytes[index] == Byte.carriageReturn else { return .malformed(.invalidNumber) }
    guard end &- index >= 2 else { return .unfinished }
    guard bytes[index &+ 1] == Byte.lineFeed else { return .malformed(.missingLineEnd) }
    return .value(Int(bitPattern: negative ? 0 &- magnitude : magnitude), next: index &+ 2)
  }
}
