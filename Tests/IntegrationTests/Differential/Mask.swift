import TestSupport

/// What two servers may rightly answer differently to the same request, and nothing else.
enum Mask {
  case exact
  /// Hash tables keep their order to themselves: it differs from process to process.
  case anyOrder
  /// The same for keys that are each followed by their value.
  case anyOrderOfPairs
  /// Numbers that count time, memory or replicas.
  case numbers
  /// Elements drawn by lot: how many there are and of which types is not.
  case lots
  /// A cursor and what it has found: the order of hash tables again.
  case scan
  /// Everything is left, in the order of a hash table: how much is left after each.
  case leaving
  /// A description of one server: that there is one.
  case anything

  init(_ request: [[UInt8]]) {
    func word(_ index: Int) -> String {
      index < request.count ? String(decoding: request[index], as: UTF8.self).lowercased() : ""
    }
    switch word(0) {
    case "smembers", "sinter", "sunion", "sdiff", "hkeys", "hvals", "keys", "sort", "sort_ro", "spop": self = .anyOrder
    case "hgetall": self = .anyOrderOfPairs
    case "ttl", "pttl", "expiretime", "pexpiretime", "time", "lastsave", "wait", "xpending", "xclaim", "xautoclaim":
      self = .numbers
    case "srandmember", "hrandfield", "zrandmember", "randomkey": self = .lots
    // Where a cursor leads depends on the order of the hash table.
    case "scan": self = word(1) == "0" ? .scan : .lots
    case "sscan", "hscan", "zscan": self = .scan
    case "info", "role", "lolwut", "dump": self = .anything
    case "hello": self = .numbers
    case "pubsub": self = word(1).hasSuffix("channels") ? .anyOrder : .exact
    case "object": self = word(1) == "idletime" ? .numbers : .exact
    case "memory", "xinfo", "slowlog", "latency": self = .numbers
    case "command": self = ["docs", "info", "list", ""].contains(word(1)) ? .anything : .exact
    // One that may or may not be there is refused as unknown or for what it asks.
    case "client": self = ["list", "info", "id", "no-touch"].contains(word(1)) ? .anything : .exact
    case "unsubscribe", "punsubscribe", "sunsubscribe": self = request.count == 1 ? .leaving : .exact
    case "acl": self = .anyOrder
    case "config": self = .anyOrderOfPairs
    case "function": self = word(1) == "list" ? .anything : .exact
    case "cluster": self = word(1) == "info" ? .anything : .exact
    case "eval", "eval_ro", "evalsha", "evalsha_ro": self = .anyOrderOfPairs
    default: self = .exact
    }
  }

  func agree(_ one: RESPClient.Reply, _ other: RESPClient.Reply) -> Bool {
    one.bytes == other.bytes || agree(one.value, other.value)
  }

  func agree(_ one: RESPValue, _ other: RESPValue) -> Bool {
    if one == other { return true }
    if one.isError || other.isError { return self == .anything && one.kind == other.kind }
    switch self {
    case .exact: return false
    case .anyOrder: return one.kind == other.kind && Self.sorted(one.elements) == Self.sorted(other.elements)
    case .anyOrderOfPairs: return one.kind == other.kind && Self.pairs(one.elements) == Self.pairs(other.elements)
    case .numbers: return one.withoutNumbers == other.withoutNumbers
    case .lots: return one.kind == other.kind && one.elements?.count == other.elements?.count
    case .scan:
      guard let one = one.elements, let other = other.elements, one.count == 2, other.count == 2 else { return false }
      return one[0] != .bulk("0") || other[0] != .bulk("0")
        || Self.sorted(one[1].elements) == Self.sorted(other[1].elements)
    case .leaving:
      return one.kind == other.kind && one.elements?.first == other.elements?.first
        && one.elements?.last == other.elements?.last
    case .anything: return one.kind == other.kind
    }
  }

  private static func sorted(_ items: [RESPValue]?) -> [String]? { items?.map(\.wholeText).sorted() }

  private static func pairs(_ items: [RESPValue]?) -> [String]? {
    guard let items, items.count % 2 == 0 else { return sorted(items) }
    return stride(from: 0, to: items.count, by: 2).map { items[$0].wholeText + "\u{0}" + items[$0 + 1].wholeText }
      .sorted()
  }
}

extension RESPValue {
  /// Which type of the protocol this is.
  fileprivate var kind: Character { wholeText.first ?? "?" }

  /// All of it, where a description is cut.
  fileprivate var wholeText: String {
    switch self {
    case .bulk(let bytes): "$" + bytes.map { String($0, radix: 16) }.joined(separator: ".")
    case .array(let items), .map(let items), .set(let items), .push(let items):
      "\(marker)[" + items.map(\.wholeText).joined(separator: ",") + "]"
    default: description
    }
  }

  private var marker: Character {
    switch self {
    case .array: "*"
    case .map: "%"
    case .set: "~"
    default: ">"
    }
  }

  fileprivate var withoutNumbers: RESPValue {
    switch self {
    case .integer: .integer(0)
    case .bulk(let bytes) where !bytes.isEmpty && bytes.allSatisfy({ (48...57).contains($0) }): .bulk("0")
    case .array(let items): .array(items.map(\.withoutNumbers))
    case .map(let items): .map(items.map(\.withoutNumbers))
    case .set(let items): .set(items.map(\.withoutNumbers))
    default: self
    }
  }
}
