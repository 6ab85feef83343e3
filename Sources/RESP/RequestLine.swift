/// The search for the end of one line of a request, as Redis does it: with `strchr`, which stops at a NUL, and with a
/// limit of 64 KiB that counts every byte buffered behind the line's start.
@usableFromInline
enum RequestLine {
  /// The terminator stands at this index.
  case found(Int)
  /// Not yet there; so many bytes from the line's start need not be looked at again.
  case unfinished(searched: Int)
  /// Not within the limit.
  case tooBig

  /// Looks for `terminator` in `bytes[start..<end]`, `searched` bytes of which are known not to hold it.
  ///
  /// Redis applies the limit after each read, so what it says about a terminator a little beyond the limit depends on
  /// how the bytes arrived. Here the limit is exact: an index of at most 65536 from the line's start.
  /// A NUL hides everything behind it: the search stays there until the limit is reached.
  ///
  /// Invariant: `0 <= start`, `start + searched <= end`, and `bytes[..<end]` is readable.
  @usableFromInline
  static func find(
    _ terminator: UInt8, in bytes: UnsafePointer<UInt8>, from start: Int, to end: Int, searched: Int
  ) -> RequestLine {
    let limit = RESPLimits.requestLine
    let stop = end &- start > limit ? start &+ limit &+ 1 : end
    var index = start &+ searched
    while index < stop {
      let byte = bytes[index]
      if byte == terminator { return .found(index) }
      if byte == 0 { break }
      index &+= 1
    }
    return end &- start > limit ? .tooBig : .unfinished(searched: index &- start)
  }
}
