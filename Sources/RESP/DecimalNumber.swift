/// Decimal numbers as Redis's `string2ll` (util.c) judges them: no blanks, no plus sign, no leading zeros, no `-0`,
/// within 64 bits, and every byte counts.
@usableFromInline
enum DecimalNumber {
  /// `bytes[range]` as a number, or nil where `string2ll` returns 0.
  ///
  /// Invariant: `range` lies within the memory behind `bytes`.
  @usableFromInline
  static func parse(_ bytes: UnsafePointer<UInt8>, _ range: Range<Int>) -> Int? {
    var index = range.lowerBound
    let end = range.upperBound
    // 20 characters hold every 64-bit number; without leading zeros, longer ones overflow.
    guard index < end, end &- index <= 20 else { return nil }
    let negative = bytes[index] == Byte.minus
    if negative { index &+= 1 }
    guard index < end else { return nil }
    let first = bytes[index] &- Byte.zero
    guard first <= 9 else { return nil }
    if first == 0 { return !negative && index &+ 1 == end ? 0 : nil }
    var magnitude = UInt(first)
    index &+= 1
    while index < end {
      let digit = bytes[index] &- Byte.zero
      guard digit <= 9 else { return nil }
      let (product, tooGreat) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(UInt(digit))
      guard !tooGreat, !overflow else { return nil }
      magnitude = sum
      index &+= 1
    }
    guard magnitude <= UInt(Int.max) &+ (negative ? 1 : 0) else { return nil }
    return negative ? Int(bitPattern: 0 &- magnitude) : Int(bitPattern: magnitude)
  }
}

extension Int {
  /// A whole argument as a number, as redis-server reads it: nil for what it calls no integer or out of range.
  public init?(argument bytes: [UInt8]) {
    let number = bytes.withUnsafeBufferPointer { bytes in
      bytes.baseAddress.flatMap { DecimalNumber.parse($0, 0..<bytes.count) }
    }
    guard let number else { return nil }
    self = number
  }
}
