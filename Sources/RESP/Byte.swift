/// Names for the bytes the protocol gives a meaning to.
@usableFromInline
enum Byte {
  @inlinable static var lineFeed: UInt8 { 0x0A }
  @inlinable static var carriageReturn: UInt8 { 0x0D }
  @inlinable static var space: UInt8 { 0x20 }
  @inlinable static var doubleQuote: UInt8 { 0x22 }
  @inlinable static var dollar: UInt8 { 0x24 }
  @inlinable static var quote: UInt8 { 0x27 }
  @inlinable static var star: UInt8 { 0x2A }
  @inlinable static var plus: UInt8 { 0x2B }
  @inlinable static var minus: UInt8 { 0x2D }
  @inlinable static var zero: UInt8 { 0x30 }
  @inlinable static var colon: UInt8 { 0x3A }
  @inlinable static var backslash: UInt8 { 0x5C }
}
