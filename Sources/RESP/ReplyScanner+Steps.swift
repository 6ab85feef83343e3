/// The steps of a scan. Each moves `at` over what it has consumed and answers whether another step may follow: not when
/// the bytes are used up, the reply is complete or it is malformed.
///
/// Invariant in all of them: `0 <= at <= end`, and `bytes[..<end]` is readable.
extension ReplyScanner {
  /// Takes the step that the phase stands for.
  @usableFromInline @inline(never)
  mutating func takeStep(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
    switch _phase {
    case .value: readValue(bytes, &at, end)
    case .payload: skipPayload(bytes, &at, end)
    case .text: skipText(bytes, &at, end)
    case .digits: skipDigits(bytes, &at, end)
    case .complete, .malformed: false
    }
  }

  /// Reads a type byte and what follows it on its line, where that is a number or a fixed letter.
  private mutating func readValue(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
    guard at < end else { return false }
    let type = bytes[at]
    // A push's own type byte may be looked at twice, and nothing is written into one.
    let isInside = _kind != 0 && _kind != UInt8(ascii: ">")
    // Behind the attributes of the whole reply exactly one value is left, whatever the attributes contained.
    if _kind == 0, _remaining == 1, type != UInt8(ascii: "|") { _kind = type }
    switch type {
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      at &+= 1
      _lineLength = 0
      _phase = .text
      return true
    case UInt8(ascii: ","), UInt8(ascii: "("):
      at &+= 1
      _lineLength = 0
      _phase = .digits
      return true
    case UInt8(ascii: "|"): return readNumber(type, bytes, &at, end, isAside: true)
    case UInt8(ascii: ">") where isInside:
      guard let isMessage = PushKind.isMessage(bytes, from: at, to: end) else { return false }
      return readNumber(type, bytes, &at, end, isAside: isMessage)
    case UInt8(ascii: "$"), UInt8(ascii: ":"), UInt8(ascii: "*"), UInt8(ascii: "%"), UInt8(ascii: "~"),
      UInt8(ascii: ">"), UInt8(ascii: "="), UInt8(ascii: "!"):
      return readNumber(type, bytes, &at, end)
    case UInt8(ascii: "_"):
      return readLineEnd(bytes, &at, end, behind: 1)
    case UInt8(ascii: "#"):
      guard end &- at >= 2 else { return false }
      guard bytes[at &+ 1] == UInt8(ascii: "t") || bytes[at &+ 1] == UInt8(ascii: "f") else {
        return fail(.invalidBoolean)
      }
      return readLineEnd(bytes, &at, end, behind: 2)
    case UInt8(ascii: ";"), UInt8(ascii: "."):
      return fail(.streamed)
    default:
      return fail(.unknownType(type))
    }
  }

  /// - Parameter isAside: it stands between values and is none itself.
  private mutating func readNumber(
    _ type: UInt8, _ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, isAside: Bool = false
  ) -> Bool {
    var start = at &+ 1
    if type == Byte.colon, start < end, bytes[start] == Byte.plus {
      start &+= 1
      if start < end, bytes[start] == Byte.minus { return fail(.invalidNumber) }
    }
    switch ReplyNumber.read(bytes, from: start, to: end) {
    case .unfinished: return false
    case .malformed(let error): return fail(error)
    case .value(let number, let next):
      switch type {
      case Byte.colon: break
      case Byte.dollar where number >= 0, UInt8(ascii: "!") where number >= 0, UInt8(ascii: "=") where number >= 4:
        guard number <= _maxBulkLength else { return fail(.bulkTooLong) }
        at = next
        _pendingBulk = number &+ 2
        _phase = .payload
        return true
      case Byte.dollar where number == -1, Byte.star where number == -1: break
      case Byte.dollar, UInt8(ascii: "!"): return fail(.negativeLength)
      case UInt8(ascii: "="): return fail(number < 0 ? .negativeLength : .verbatimTooShort)
      default:
        guard number >= 0 else { return fail(.negativeLength) }
        guard number <= RESPLimits.replyElements else { return fail(.tooManyElements) }
        let isPairs = type == UInt8(ascii: "%") || type == UInt8(ascii: "|")
        let (sum, overflow) = _remaining.addingReportingOverflow(isPairs ? number &* 2 : number)
        guard !overflow else { return fail(.tooManyElements) }
        _remaining = sum
        at = next
        // What it stands before is still to come.
        return isAside ? true : finishValue()
      }
      at = next
      return finishValue()
    }
  }

  /// Finishes a value whose text ends `length` bytes behind `at`, where CRLF must stand.
  private mutating func readLineEnd(
    _ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int, behind length: Int
  ) -> Bool {
    let start = at &+ length
    guard start < end else { return false }
    guard bytes[start] == Byte.carriageReturn else { return fail(.missingLineEnd) }
    guard end &- start >= 2 else { return false }
    guard bytes[start &+ 1] == Byte.lineFeed else { return fail(.missingLineEnd) }
    at = start &+ 2
    return finishValue()
  }

  private mutating func skipPayload(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
    let payload = min(_pendingBulk &- 2, end &- at)
    if payload > 0 {
      at &+= payload
      _pendingBulk &-= payload
    }
    if _pendingBulk == 2 {
      guard at < end else { return false }
      guard bytes[at] == Byte.carriageReturn else { return fail(.missingLineEnd) }
      at &+= 1
      _pendingBulk = 1
    }
    guard _pendingBulk == 1, at < end else { return false }
    guard bytes[at] == Byte.lineFeed else { return fail(.missingLineEnd) }
    at &+= 1
    _pendingBulk = 0
    return finishValue()
  }

  /// Skips text up to CRLF. A line feed on its own is text, as it is for hiredis.
  private mutating func skipText(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
    let start = at
    at = Self.findCarriageReturn(bytes, from: at, to: end)
    _lineLength &+= at &- start
    return endLine(bytes, &at, end)
  }

  /// Skips what a double or a big number may be made of: digits, signs, a point, an exponent, `inf`, `nan`.
  private mutating func skipDigits(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
    let start = at
    while at < end {
      switch bytes[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "i"), UInt8(ascii: "n"), UInt8(ascii: "f"),
        UInt8(ascii: "a"):
        at &+= 1
        continue
      case Byte.carriageReturn where _lineLength &+ at &- start > 0: break
      default: return fail(.invalidNumber)
      }
      break
    }
    _lineLength &+= at &- start
    return endLine(bytes, &at, end)
  }

  /// Finishes a line whose text has been consumed up to `at`, where its CR stands if `at < end`.
  private mutating func endLine(_ bytes: UnsafePointer<UInt8>, _ at: inout Int, _ end: Int) -> Bool {
    guard _lineLength <= RESPLimits.replyLine else { return fail(.lineTooLong) }
    guard end &- at >= 2 else { return false }
    guard bytes[at &+ 1] == Byte.lineFeed else { return fail(.missingLineEnd) }
    at &+= 2
    return finishValue()
  }

  /// The index of the first carriage return in `bytes[start..<end]`, or `end`; eight bytes at a time.
  private static func findCarriageReturn(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
    let raw = UnsafeRawPointer(bytes)
    var index = start
    while end &- index >= 8 {
      let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let difference = word ^ 0x0D0D_0D0D_0D0D_0D0D
      // The lowest byte that is zero has its high bit set; what a borrow may set above it does not matter.
      let zeros = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
      if zeros != 0 { return index &+ zeros.trailingZeroBitCount &>> 3 }
      index &+= 8
    }
    while index < end, bytes[index] != Byte.carriageReturn { index &+= 1 }
    return index
  }

  /// Takes one value away; another one is read if any is left.
  private mutating func finishValue() -> Bool {
    _remaining &-= 1
    _phase = _remaining == 0 ? .complete : .value
    return _remaining != 0
  }

  private mutating func fail(_ error: ReplySyntaxError) -> Bool {
    _error = error
    _phase = .malformed
    return false
  }
}
