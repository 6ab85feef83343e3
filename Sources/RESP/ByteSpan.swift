/// A range of bytes inside a request, relative to the request's first byte.
///
/// A value, not a view: it stays right when the buffer below it moves or grows, as long as the request's first byte is
/// known. A scanner only hands out spans that lie wholly inside the bytes it has seen.
@frozen
public struct ByteSpan: Equatable, Sendable {
  /// Bytes between the request's first byte and the span's first byte; never negative.
  public var offset: Int
  /// Bytes in the span; never negative.
  public var length: Int

  @inlinable
  public init(offset: Int, length: Int) {
    self.offset = offset
    self.length = length
  }

  /// The first offset behind the span.
  @inlinable
  public var end: Int { offset &+ length }
}
