/// What a push inside a reply is: redis-server writes what a client is subscribed to between the elements of the reply that
/// it is just making (`PUBLISH` or a keyspace notification within `EXEC`, `MGET`, `ZPOPMIN` ...), and there it counts as
/// no element. The confirmation of a `SUBSCRIBE` within `EXEC` is a push too, and stands for its element.
///
/// As redis-server 7.0.15 does it (`addReplyPubsubMessage`, `sendTrackingMessage`).
enum PushKind {
  private static let messages: [StaticString] = [
    "$7\r\nmessage\r\n", "$8\r\npmessage\r\n", "$8\r\nsmessage\r\n", "$10\r\ninvalidate\r\n",
    "$21\r\ntracking-redir-broken\r\n",
  ]

  /// Whether the push whose type byte is at `start` is a message; nothing as long as too little of it is there.
  ///
  /// Invariant: `0 <= start < end`, and `bytes[..<end]` is readable.
  static func isMessage(_ bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Bool? {
    let first: Int
    switch ReplyNumber.read(bytes, from: start &+ 1, to: end) {
    case .unfinished: return nil
    // Refused by whoever reads it.
    case .malformed: return false
    case .value(let count, let next):
      // All messages have more, so that what is waited for below comes.
      guard count >= 2 else { return false }
      first = next
    }
    let rest = UnsafeRawBufferPointer(start: bytes + first, count: end &- first)
    var mayBe = false
    for message in messages {
      let text = UnsafeRawBufferPointer(start: message.utf8Start, count: message.utf8CodeUnitCount)
      if rest.starts(with: text) { return true }
      if rest.count < text.count, text.starts(with: rest) { mayBe = true }
    }
    return mayBe ? nil : false
  }
}
