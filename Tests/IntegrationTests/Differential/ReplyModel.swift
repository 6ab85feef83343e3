/// How many replies a request will have: as little of a server as that takes. One for each connection.
struct ReplyModel {
  private(set) var isInTransaction = false
  private var channels: Set<[UInt8]> = []
  private var patterns: Set<[UInt8]> = []
  private var shards: Set<[UInt8]> = []
  /// RESP2: whoever is subscribed may do little else.
  private var isRESP3 = false

  /// Whether a new connection can do nothing yet.
  let isLocked: Bool
  private(set) var isBarred: Bool

  init(version: Int, isLocked: Bool) {
    isRESP3 = version == 3
    self.isLocked = isLocked
    isBarred = isLocked
  }

  var isSubscribed: Bool { !channels.isEmpty || !patterns.isEmpty || !shards.isEmpty }
  var isRestricted: Bool { isSubscribed && !isRESP3 }

  /// Whether the request may be sent. A subscription in a transaction leaves a connection where replies cannot be counted.
  func allows(_ words: [[UInt8]]) -> Bool {
    // From those who have not introduced themselves a server takes little at a time.
    if isBarred, words.count > 10 || words.contains(where: { $0.count > 16_384 }) { return false }
    let name = Self.lower(words[0])
    if isInTransaction {
      return !name.hasSuffix("subscribe") && name != "hello" && name != "auth" && !isOfOthers(words)
    }
    // One that is subscribed and hears of its own messages has them between its replies.
    return true
  }

  /// Whether the server would look for upstreams, which is refused in a transaction.
  private func isOfOthers(_ words: [[UInt8]]) -> Bool {
    words.count > 1 && Self.lower(words[0]) == "client" && ["kill", "unblock"].contains(Self.lower(words[1]))
  }

  /// Takes note of a request, and says how many replies it has.
  mutating func replies(to words: [[UInt8]]) -> Int {
    let name = Self.lower(words[0])
    if isRestricted, !name.hasSuffix("subscribe"), !["ping", "quit", "reset"].contains(name) { return 1 }
    if name == "reset", words.count == 1 {
      self = ReplyModel(version: 2, isLocked: isLocked)
      return 1
    }
    if name == "auth", [["auth", "secret"], ["auth", "default", "secret"]].contains(words.map(Self.lower)) {
      isBarred = false
    }
    if name == "hello", words.count == 5, words.suffix(3).map(Self.lower) == ["auth", "default", "secret"],
      ["2", "3"].contains(Self.lower(words[1]))
    {
      isBarred = false
      isRESP3 = Self.lower(words[1]) == "3"
    }
    if isBarred { return 1 }
    if isInTransaction {
      switch name {
      case "exec", "discard": if words.count == 1 { isInTransaction = false }
      default: break
      }
      return 1
    }
    switch name {
    case "multi": if words.count == 1 { isInTransaction = true }
    case "hello": if words.count == 2 || words.count == 4 { takeHello(words) }
    case "subscribe": if words.count > 1 { channels.formUnion(words.dropFirst()) }
    case "psubscribe": if words.count > 1 { patterns.formUnion(words.dropFirst()) }
    case "ssubscribe": if words.count > 1 { shards.formUnion(words.dropFirst()) }
    case "unsubscribe": return Self.leave(&channels, words)
    case "punsubscribe": return Self.leave(&patterns, words)
    case "sunsubscribe": return Self.leave(&shards, words)
    default: return 1
    }
    return name.hasSuffix("subscribe") ? max(1, words.count - 1) : 1
  }

  /// What a message to `channel` adds to what this connection is sent.
  func copies(of channel: [UInt8], isSharded: Bool) -> Int {
    if isSharded { return shards.contains(channel) ? 1 : 0 }
    return (channels.contains(channel) ? 1 : 0) + patterns.filter { Self.matches($0, channel) }.count
  }

  private static func leave(_ names: inout Set<[UInt8]>, _ words: [[UInt8]]) -> Int {
    if words.count > 1 {
      names.subtract(words.dropFirst())
      return words.count - 1
    }
    defer { names = [] }
    return max(1, names.count)
  }

  private mutating func takeHello(_ words: [[UInt8]]) {
    if words.count == 4, Self.lower(words[2]) != "setname" || words[3].contains(32) { return }
    switch Self.lower(words[1]) {
    case "2": isRESP3 = false
    case "3": isRESP3 = true
    default: break
    }
  }

  /// The patterns that the grammar has: `n*` and `m?`.
  private static func matches(_ pattern: [UInt8], _ channel: [UInt8]) -> Bool {
    pattern.last == UInt8(ascii: "*") ? channel.starts(with: pattern.dropLast()) : false
  }

  private static func lower(_ word: [UInt8]) -> String { String(decoding: word, as: UTF8.self).lowercased() }
}
