/// Why a request cannot be understood, in Redis 7.0's own categories (networking.c).
///
/// Redis answers with the message as an error and closes the connection; so should we.
public enum RequestSyntaxError: Error, Equatable, Sendable {
  /// No newline within the first 64 KiB of an inline line.
  case inlineTooBig
  /// No carriage return within the first 64 KiB of the line that starts with `*`.
  case argumentCountLineTooBig
  /// No carriage return within the first 64 KiB of a line that should hold a bulk length.
  case bulkLengthLineTooBig
  /// The number behind `*` is no number, or exceeds `INT_MAX`.
  case invalidArgumentCount
  /// More than 10 arguments from a client that has yet to authenticate.
  case unauthenticatedArgumentCount
  /// An argument does not start with `$`; the byte that stands there instead.
  case expectedDollar(got: UInt8)
  /// The number behind `$` is no number, is negative, or exceeds `proto-max-bulk-len`.
  case invalidBulkLength
  /// More than 16384 bytes in one argument from a client that has yet to authenticate.
  case unauthenticatedBulkLength
  /// An inline line with an open quote, or a closing quote with something other than a blank behind it.
  case unbalancedQuotes

  /// The server's text without the leading `-ERR `. The byte of `expectedDollar` is repaired to be printable UTF-8 here;
  /// `appendReply(to:)` is exact.
  public var message: String {
    var bytes: [UInt8] = []
    appendMessage(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends `-ERR <message>\r\n`, byte for byte what redis-server 7.0.15 sends before it closes the connection.
  public func appendReply(to output: inout [UInt8]) {
    output.append(contentsOf: "-ERR ".utf8)
    appendMessage(to: &output)
    output.append(contentsOf: "\r\n".utf8)
  }

  private func appendMessage(to output: inout [UInt8]) {
    output.append(contentsOf: "Protocol error: ".utf8)
    switch self {
    case .inlineTooBig: output.append(contentsOf: "too big inline request".utf8)
    case .argumentCountLineTooBig: output.append(contentsOf: "too big mbulk count string".utf8)
    case .bulkLengthLineTooBig: output.append(contentsOf: "too big bulk count string".utf8)
    case .invalidArgumentCount: output.append(contentsOf: "invalid multibulk length".utf8)
    case .unauthenticatedArgumentCount: output.append(contentsOf: "unauthenticated multibulk length".utf8)
    case .invalidBulkLength: output.append(contentsOf: "invalid bulk length".utf8)
    case .unauthenticatedBulkLength: output.append(contentsOf: "unauthenticated bulk length".utf8)
    case .unbalancedQuotes: output.append(contentsOf: "unbalanced quotes in request".utf8)
    case .expectedDollar(let got):
      output.append(contentsOf: "expected '$', got '".utf8)
      // addReplyErrorFormat maps line ends to blanks, so that the error stays one line.
      output.append(got == Byte.carriageReturn || got == Byte.lineFeed ? Byte.space : got)
      output.append(Byte.quote)
    }
  }
}
