/// What an error reply says about the command it answers.
///
/// All kinds but `other` mean that the command was not executed, so that it may be tried elsewhere or later. That is
/// only sure of the server's own words: a script that has started may pass the same words on with ` script: <sha>, on
/// @user_script:1.` behind them, and then earlier effects may exist. Texts with that suffix are `other`.
/// (A script can say any of this itself. Whoever asks it again bounds how often.)
///
/// Texts as sent by redis-server 7.0.15.
public enum ReplyError: UInt8, Sendable, CaseIterable {
  /// A replica was asked to write: the topology has changed, or is not known yet.
  case readOnly
  /// The server is reading its data.
  case loading
  /// A replica without its primary, told not to serve stale data.
  case masterDown
  /// A primary with fewer good replicas than `min-replicas-to-write`.
  case noReplicas
  /// Writes are disabled because the last save failed, or the append-only file cannot be written.
  case misconfigured
  /// Writes are disabled because `maxmemory` is reached.
  case outOfMemory
  /// A script, function or module command runs for too long.
  case busy
  /// The connection has to authenticate first.
  case notAuthenticated
  /// User name or password are wrong.
  case wrongPassword
  /// The user may not run the command, or not on these keys or channels.
  case notPermitted
  /// EVALSHA of a script this server does not know.
  case noScript
  /// A transaction was discarded as a whole.
  case transactionAborted
  /// A blocked command was ended because the server became a replica. Not for WAIT, whose writes have happened.
  case unblocked
  /// The server has as many clients as it may; it closes the connection.
  case tooManyClients
  /// Any other error; whether the command was executed is not known.
  case other

  /// The kind of an error reply.
  ///
  /// - Parameter reply: a whole reply as the scanner found it: a line that starts with `-`, or a RESP3 bulk error. Any
  ///   other bytes are `other`.
  public init(reply: UnsafeRawBufferPointer) {
    self = ErrorText(reply: reply)?.kind ?? .other
  }

  /// Whether a script or a function that had started was refused a write because its server is a replica. What it did
  /// before may have had effects, so it is not to be asked again; of the server it says the same as ``readOnly``.
  public static func isReadOnlyInScript(_ reply: UnsafeRawBufferPointer) -> Bool {
    reply.starts(with: "-READONLY You can't write against a read only replica. script: ".utf8)
  }

  /// How a text has to match.
  private enum Rule {
    case exactly(StaticString)
    case beginning(StaticString)
  }

  private static let rules: [(rule: Rule, kind: ReplyError)] = [
    (.exactly("READONLY You can't write against a read only replica."), .readOnly),
    (.exactly("LOADING Redis is loading the dataset in memory"), .loading),
    (.exactly("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."), .masterDown),
    (.exactly("NOREPLICAS Not enough good replicas to write."), .noReplicas),
    (.beginning("MISCONF "), .misconfigured),
    (.exactly("OOM command not allowed when used memory > 'maxmemory'."), .outOfMemory),
    (.beginning("BUSY Redis is busy running a "), .busy),
    (.exactly("NOAUTH Authentication required."), .notAuthenticated),
    (.beginning("WRONGPASS "), .wrongPassword),
    (.beginning("NOPERM "), .notPermitted),
    (.exactly("NOSCRIPT No matching script. Please use EVAL."), .noScript),
    (.beginning("EXECABORT Transaction discarded because of"), .transactionAborted),
    (.beginning("UNBLOCKED force unblock from blocking operation"), .unblocked),
    (.exactly("ERR max number of clients reached"), .tooManyClients),
  ]

  /// The text of an error reply without type byte, length and line end.
  private struct ErrorText {
    let bytes: UnsafeRawBufferPointer.SubSequence

    init?(reply: UnsafeRawBufferPointer) {
      guard reply.count >= 3, reply.suffix(2).elementsEqual("\r\n".utf8) else { return nil }
      switch reply[0] {
      case Byte.minus: bytes = reply[1..<reply.count - 2]
      case UInt8(ascii: "!"):
        guard let lineEnd = reply.firstIndex(of: Byte.lineFeed), lineEnd < reply.count - 2 else { return nil }
        bytes = reply[lineEnd + 1..<reply.count - 2]
      default: return nil
      }
    }

    var kind: ReplyError {
      for (rule, kind) in ReplyError.rules {
        switch rule {
        case .exactly(let text) where bytes.count == text.utf8CodeUnitCount && begins(with: text): return kind
        case .beginning(let text) where begins(with: text): return isFromScript ? .other : kind
        case .exactly, .beginning: continue
        }
      }
      return .other
    }

    private func begins(with text: StaticString) -> Bool {
      bytes.starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Whether the text passed through a script or a function that had started.
    private var isFromScript: Bool {
      let mark: StaticString = " script: "
      var rest = bytes
      while let space = rest.firstIndex(of: Byte.space) {
        rest = rest[space...]
        if rest.starts(with: UnsafeBufferPointer(start: mark.utf8Start, count: mark.utf8CodeUnitCount)) { return true }
        rest = rest.dropFirst()
      }
      return false
    }
  }
}
