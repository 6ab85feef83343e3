/// Why a reply cannot be followed any further. The connection it came from must be closed: nobody knows where the next
/// reply begins.
public enum ReplySyntaxError: Error, Equatable, Sendable {
  /// No RESP type starts with this byte.
  case unknownType(UInt8)
  /// RESP3's streamed strings and aggregates (`$?`, `*?`, `;`, `.`), which no Redis server sends.
  case streamed
  /// A number that is none, has leading zeros, or does not fit in 64 bits.
  case invalidNumber
  /// A negative length or count other than the -1 of RESP2's null bulk and null array.
  case negativeLength
  /// A bulk longer than the scanner's limit.
  case bulkTooLong
  /// More elements than `RESPLimits.replyElements` in one aggregate, or more than can be counted in all.
  case tooManyElements
  /// A simple string, error, double or big number beyond `RESPLimits.replyLine`.
  case lineTooLong
  /// A boolean other than `#t` and `#f`.
  case invalidBoolean
  /// A verbatim string too short for its format.
  case verbatimTooShort
  /// Something other than CRLF where a line or a payload should end.
  case missingLineEnd

  /// One line for people.
  public var message: String {
    switch self {
    case .unknownType(let byte): "no reply type starts with byte 0x" + String(byte, radix: 16)
    case .streamed: "streamed replies are not supported"
    case .invalidNumber: "invalid number"
    case .negativeLength: "negative length"
    case .bulkTooLong: "bulk longer than the limit"
    case .tooManyElements: "too many elements"
    case .lineTooLong: "line longer than the limit"
    case .invalidBoolean: "boolean is neither #t nor #f"
    case .verbatimTooShort: "verbatim string too short for its format"
    case .missingLineEnd: "CRLF expected"
    }
  }
}
