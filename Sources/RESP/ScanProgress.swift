/// What a scanner says after looking at the bytes it was given.
@frozen
public enum ScanProgress: UInt8, Sendable {
  /// The request or reply is not finished; scan again when more bytes are there.
  case needMore
  /// Finished: `position` is its total length.
  case complete
  /// Requests only: an inline command line; `position` is its length, newline included.
  case inline
  /// The stream cannot be followed any further: `error` says why, and the connection must be closed.
  case malformed
}
