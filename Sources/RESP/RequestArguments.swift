/// The arguments of a request that the scanner has found complete, one after the other.
///
/// For the commands whose decision needs more than the first two arguments. Does not judge: on bytes that are not a
/// complete request it ends early.
public struct RequestArguments: Sequence, IteratorProtocol {
  private let base: UnsafePointer<UInt8>?
  private let end: Int
  /// Where the next argument's header begins; `end` behind the last one.
  private var at: Int

  /// - Parameter request: the request from its first byte to its last; must stay valid while this value is used.
  public init(_ request: UnsafeRawBufferPointer) {
    base = request.baseAddress?.assumingMemoryBound(to: UInt8.self)
    end = request.count
    at = end
    if let base, end > 0, base[0] == Byte.star,
      case .found(let lineEnd) = RequestLine.find(Byte.carriageReturn, in: base, from: 0, to: end, searched: 0)
    {
      at = lineEnd &+ 2
    }
  }

  /// The next argument's payload, or nil behind the last.
  public mutating func next() -> ByteSpan? {
    guard let base, at < end else { return nil }
    guard
      case .found(let lineEnd) = RequestLine.find(Byte.carriageReturn, in: base, from: at, to: end, searched: 0),
      lineEnd > at, let length = DecimalNumber.parse(base, at &+ 1..<lineEnd), length >= 0,
      end &- lineEnd >= 4, length <= end &- lineEnd &- 4
    else {
      at = end
      return nil
    }
    let span = ByteSpan(offset: lineEnd &+ 2, length: length)
    at = span.end &+ 2
    return span
  }
}
