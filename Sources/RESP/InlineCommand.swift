/// Inline command lines: what a person types into telnet.
public enum InlineCommand {
  /// Splits an inline line into arguments exactly as Redis does: processInlineBuffer, then `sdssplitargs` (sds.c).
  ///
  /// Blanks separate arguments. Within double quotes `\xHH`, `\n`, `\r`, `\t`, `\b`, `\a` and any other escaped byte
  /// stand for a byte; within single quotes only `\'` does. Quotes may open in mid-argument (`a"b c"` is one), but
  /// behind a closing one must come a blank or the line's end. A NUL ends the line.
  ///
  /// - Parameter line: the line as the scanner found it, with its newline or without.
  /// - Returns: the arguments; none for an empty line, which Redis skips.
  public static func arguments(of line: UnsafeRawBufferPointer) throws(RequestSyntaxError) -> [[UInt8]] {
    var splitter = Splitter(line: line)
    var arguments: [[UInt8]] = []
    while let argument = try splitter.next() {
      arguments.append(argument)
    }
    return arguments
  }

  /// A walk over the line; beyond its end it sees NULs, as C does.
  private struct Splitter {
    let line: UnsafeRawBufferPointer
    let end: Int
    var index = 0

    init(line: UnsafeRawBufferPointer) {
      var end = line.firstIndex(of: Byte.lineFeed) ?? line.count
      if end > 0, line[end - 1] == Byte.carriageReturn { end -= 1 }
      self.line = line
      self.end = end
    }

    func peek(_ distance: Int = 0) -> UInt8 {
      index + distance < end ? line[index + distance] : 0
    }

    mutating func next() throws(RequestSyntaxError) -> [UInt8]? {
      while isBlank(peek()) { index += 1 }
      guard peek() != 0 else { return nil }
      var argument: [UInt8] = []
      while true {
        let byte = peek()
        switch byte {
        // Not the vertical tab and form feed that `isspace` skips between arguments: here they are content.
        case 0, Byte.space, Byte.lineFeed, Byte.carriageReturn, 0x09: return argument
        case Byte.doubleQuote:
          index += 1
          try doubleQuoted(into: &argument)
          return argument
        case Byte.quote:
          index += 1
          try singleQuoted(into: &argument)
          return argument
        default:
          argument.append(byte)
          index += 1
        }
      }
    }

    private mutating func doubleQuoted(into argument: inout [UInt8]) throws(RequestSyntaxError) {
      while peek() != Byte.doubleQuote {
        guard peek() != 0 else { throw .unbalancedQuotes }
        if peek() == Byte.backslash, peek(1) == UInt8(ascii: "x"), let high = hexDigit(peek(2)),
          let low = hexDigit(peek(3))
        {
          argument.append(high << 4 | low)
          index += 4
        } else if peek() == Byte.backslash, peek(1) != 0 {
          argument.append(unescaped(peek(1)))
          index += 2
        } else {
          argument.append(peek())
          index += 1
        }
      }
      try closeQuote()
    }

    private mutating func singleQuoted(into argument: inout [UInt8]) throws(RequestSyntaxError) {
      while peek() != Byte.quote {
        guard peek() != 0 else { throw .unbalancedQuotes }
        if peek() == Byte.backslash, peek(1) == Byte.quote { index += 1 }
        argument.append(peek())
        index += 1
      }
      try closeQuote()
    }

    private mutating func closeQuote() throws(RequestSyntaxError) {
      index += 1
      guard peek() == 0 || isBlank(peek()) else { throw .unbalancedQuotes }
    }

    /// `isspace` in the C locale.
    private func isBlank(_ byte: UInt8) -> Bool {
      byte == Byte.space || (0x09...0x0D).contains(byte)
    }

    private func hexDigit(_ byte: UInt8) -> UInt8? {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
      default: nil
      }
    }

    private func unescaped(_ byte: UInt8) -> UInt8 {
      switch byte {
      case UInt8(ascii: "n"): 0x0A
      case UInt8(ascii: "r"): 0x0D
      case UInt8(ascii: "t"): 0x09
      case UInt8(ascii: "b"): 0x08
      case UInt8(ascii: "a"): 0x07
      default: byte
      }
    }
  }
}
