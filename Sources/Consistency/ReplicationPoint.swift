import Glibc

/// Names a history of writes: the forty hexadecimal digits of `master_replid`, as a trivial value.
@frozen
public struct HistoryID: Hashable, Sendable, BitwiseCopyable {
  private var high: UInt64 = 0
  private var middle: UInt64 = 0
  private var low: UInt32 = 0

  /// - Parameter digits: exactly forty hexadecimal digits, in either case; nothing else names a history.
  public init?(_ digits: some Collection<UInt8>) {
    guard digits.count == 40 else { return nil }
    for (index, byte) in digits.enumerated() {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = byte - UInt8(ascii: "A") + 10
      default: return nil
      }
      if index < 16 {
        high = high << 4 | UInt64(value)
      } else if index < 32 {
        middle = middle << 4 | UInt64(value)
      } else {
        low = low << 4 | UInt32(value)
      }
    }
  }
}

/// How far a node is in a history of writes: what `INFO replication` says of it.
public struct ReplicationPoint: Equatable, Sendable, BitwiseCopyable {
  /// The node says `role:master`.
  public var isPrimary: Bool
  public var history: HistoryID
  /// Bytes of the history that the node has executed: `master_repl_offset` of a primary, `slave_repl_offset` of a
  /// replica, which is what it has applied (not what it has received: redis-server 7.0, `commandProcessed()`).
  public var offset: Int64

  public init(isPrimary: Bool, history: HistoryID, offset: Int64) {
    self.isPrimary = isPrimary
    self.history = history
    self.offset = offset
  }
}

extension ReplicationPoint {
  /// Reads a reply to `INFO replication`, a bulk or verbatim string; nothing when it is an error or lacks a field.
  ///
  /// Allocates nothing: one such reply comes for each batch of writes.
  public init?(reply: UnsafeRawBufferPointer) {
    var isPrimary: Bool?
    var history: HistoryID?
    var primaryOffset: Int64?
    var replicaOffset: Int64?
    var lineStart = 0
    while lineStart < reply.count {
      let rest = UnsafeRawBufferPointer(rebasing: reply[lineStart...])
      let line = UnsafeRawBufferPointer(rebasing: rest[..<(rest.firstIndex(of: "\r") ?? rest.count)])
      lineStart += line.count + 2
      // What is wanted starts with r, m or s; the rest is not looked at.
      switch line.first {
      case UInt8(ascii: "r"):
        if let value = line.value(of: "role:") {
          // KeyDB's active replicas take writes and have no one history: they match neither word.
          if value.elementsEqual("master".utf8) { isPrimary = true }
          if value.elementsEqual("slave".utf8) { isPrimary = false }
        }
      case UInt8(ascii: "m"):
        if let value = line.value(of: "master_replid:") {
          history = HistoryID(value)
        } else if let value = line.value(of: "master_repl_offset:") {
          primaryOffset = value.decimal
        }
      case UInt8(ascii: "s"):
        if let value = line.value(of: "slave_repl_offset:") { replicaOffset = value.decimal }
      default:
        break
      }
    }
    guard let isPrimary, let history, let offset = isPrimary ? primaryOffset : replicaOffset else { return nil }
    self.init(isPrimary: isPrimary, history: history, offset: offset)
  }
}

extension UnsafeRawBufferPointer {
  /// Where this character comes first.
  fileprivate func firstIndex(of character: Unicode.Scalar) -> Int? {
    guard let base = baseAddress, let found = memchr(base, Int32(character.value), count) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// What follows `name` in a line that begins with it.
  fileprivate func value(of name: StaticString) -> UnsafeRawBufferPointer? {
    let length = name.utf8CodeUnitCount
    guard let base = baseAddress, count >= length, memcmp(base, name.utf8Start, length) == 0 else { return nil }
    return UnsafeRawBufferPointer(rebasing: self[length...])
  }

  /// The whole as a number; nothing when it is none. Offsets are -1 at their least.
  fileprivate var decimal: Int64? {
    var digits = self[...]
    let isNegative = digits.first == UInt8(ascii: "-")
    if isNegative { digits = digits.dropFirst() }
    guard !digits.isEmpty, digits.count <= 18 else { return nil }
    var value: Int64 = 0
    for byte in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    return isNegative ? -value : value
  }
}
