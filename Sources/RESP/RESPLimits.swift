/// Every length the scanners refuse to go beyond, in one place.
public enum RESPLimits {
  /// Default of Redis's `proto-max-bulk-len`, in bytes: the longest request argument.
  public static let bulkLength = 512 << 20

  /// `PROTO_INLINE_MAX_SIZE` of Redis's server.h, in bytes: the longest inline line, and how far Redis looks for the
  /// end of a `*` or `$` line of a request.
  public static let requestLine = 64 << 10

  /// The greatest argument count Redis 7.0 accepts in a `*` line (`INT_MAX` in processMultibulkBuffer).
  public static let argumentCount = Int(Int32.max)

  /// The greatest argument count Redis accepts before the client has authenticated, where authentication is required.
  public static let unauthenticatedArgumentCount = 10

  /// The longest argument, in bytes, Redis accepts before the client has authenticated, where that is required.
  public static let unauthenticatedBulkLength = 16384

  /// The longest bulk in a reply, in bytes. More than `bulkLength`, because a server may have been configured with a
  /// greater one, and because DUMP of an aggregate is not bound by it. Payloads are skipped, so length costs nothing.
  public static let replyBulkLength = 4 << 30

  /// The longest simple string, error, double or big number in a reply, in bytes between type byte and CRLF. Scripts
  /// can return long ones; the scanner skips them piecewise, so this only bounds a line that never ends.
  public static let replyLine = 16 << 20

  /// The greatest element (or pair) count one aggregate of a reply may announce.
  @inlinable public static var replyElements: Int { Int(Int32.max) }
}
