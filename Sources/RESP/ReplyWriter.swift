/// Encodes the replies the proxy gives itself.
public enum ReplyWriter {
  /// Appends `+text`. Line ends in the text become blanks, so that it stays one line.
  public static func appendSimpleString(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
    appendText(Byte.plus, text, to: &output)
  }

  /// Appends `+text`.
  public static func appendSimpleString(_ text: String, to output: inout [UInt8]) {
    appendText(Byte.plus, text.utf8, to: &output)
  }

  /// Appends `-text`; the text begins with its code, as in `ERR no such key`. Line ends become blanks.
  public static func appendError(_ text: some Sequence<UInt8>, to output: inout [UInt8]) {
    appendText(Byte.minus, text, to: &output)
  }

  /// Appends `-text`; the text begins with its code, as in `ERR no such key`. Line ends become blanks.
  public static func appendError(_ text: String, to output: inout [UInt8]) {
    appendText(Byte.minus, text.utf8, to: &output)
  }

  /// Appends `:number`.
  public static func appendInteger(_ number: Int, to output: inout [UInt8]) {
    appendLine(Byte.colon, number, to: &output)
  }

  /// Appends a bulk string.
  public static func appendBulk(_ payload: some Collection<UInt8>, to output: inout [UInt8]) {
    appendLine(Byte.dollar, payload.count, to: &output)
    output.append(contentsOf: payload)
    output.append(Byte.carriageReturn)
    output.append(Byte.lineFeed)
  }

  /// Appends a bulk string.
  public static func appendBulk(_ payload: String, to output: inout [UInt8]) {
    appendBulk(payload.utf8, to: &output)
  }

  /// Appends the null that stands for a missing value: `$-1` in RESP2, `_` in RESP3.
  public static func appendNull(_ version: RESPVersion, to output: inout [UInt8]) {
    output.append(contentsOf: (version == .two ? "$-1\r\n" : "_\r\n").utf8)
  }

  /// Appends the null that stands for a missing array: `*-1` in RESP2, `_` in RESP3.
  public static func appendNullArray(_ version: RESPVersion, to output: inout [UInt8]) {
    output.append(contentsOf: (version == .two ? "*-1\r\n" : "_\r\n").utf8)
  }

  /// Appends the first line of an array; `count` values must follow.
  public static func appendArrayHeader(count: Int, to output: inout [UInt8]) {
    appendLine(Byte.star, count, to: &output)
  }

  /// Appends the first line of a map; `count` pairs of values must follow. In RESP2 a map is an array of twice as many.
  public static func appendMapHeader(count: Int, _ version: RESPVersion, to output: inout [UInt8]) {
    switch version {
    case .two: appendLine(Byte.star, count &* 2, to: &output)
    case .three: appendLine(UInt8(ascii: "%"), count, to: &output)
    }
  }

  /// Appends the first line of an out-of-band message; `count` values must follow. In RESP2 it is an array.
  public static func appendPushHeader(count: Int, _ version: RESPVersion, to output: inout [UInt8]) {
    appendLine(version == .two ? Byte.star : UInt8(ascii: ">"), count, to: &output)
  }

  static func appendLine(_ type: UInt8, _ number: Int, to output: inout [UInt8]) {
    output.append(type)
    output.append(contentsOf: String(number).utf8)
    output.append(Byte.carriageReturn)
    output.append(Byte.lineFeed)
  }

  private static func appendText(_ type: UInt8, _ text: some Sequence<UInt8>, to output: inout [UInt8]) {
    output.append(type)
    for byte in text {
      output.append(byte == Byte.carriageReturn || byte == Byte.lineFeed ? Byte.space : byte)
    }
    output.append(Byte.carriageReturn)
    output.append(Byte.lineFeed)
  }
}
