import Testing

@testable import Commands

@Suite("Keys that a request counts or marks by a word")
struct KeyWalkTests {
  /// Each line with its keys; nothing where any key may be meant.
  static let requests: [(line: String, keys: String?)] = [
    ("EVAL_RO script 2 a b c", "a b"), ("EVAL_RO script 1 a", "a"), ("evalsha_ro sha 3 a b c d e", "a b c"),
    ("FCALL_RO name 1 a 7", "a"),
    ("ZUNION 2 a b WEIGHTS 1 2", "a b"), ("ZINTER 1 a", "a"), ("ZDIFF 3 a b c WITHSCORES", "a b c"),
    ("ZINTERCARD 2 a b LIMIT 1", "a b"), ("SINTERCARD 2 a b", "a b"),
    ("LMPOP 2 a b LEFT COUNT 2", "a b"), ("ZMPOP 1 a MIN", "a"),
    ("BLMPOP 0 2 a b LEFT", "a b"), ("BZMPOP 1.5 1 a MAX", "a"),
    ("XREAD STREAMS a 0", "a"), ("XREAD COUNT 5 STREAMS a b 0 0", "a b"), ("xread block 0 streams a b $ $", "a b"),
    ("XREAD COUNT 1 BLOCK 0 STREAMS streams a 0 0", "streams a"),
    ("XREADGROUP GROUP g c STREAMS a >", "a"), ("XREADGROUP GROUP streams streams NOACK STREAMS a b > >", "a b"),
    ("XREADGROUP GROUP g c COUNT 1 BLOCK 5 NOACK STREAMS a >", "a"),
    ("SORT_RO a", "a"), ("SORT_RO a BY nosort GET # LIMIT 0 5 DESC ALPHA", "a"), ("SORT_RO a* LIMIT 0 5", "a*"),
    ("SORT a", "a"), ("SORT a BY w_* GET # STORE d", "a d"), ("sort a store d limit 0 5", "a d"),
    ("GEORADIUS a 1 2 3 m", "a"), ("GEORADIUS a 1 2 3 m STORE d", "a d"),
    ("GEORADIUSBYMEMBER a m 3 m STOREDIST d", "a d"),
  ]

  static let anyKey = [
    "EVAL_RO script 0", "EVAL_RO script 0 a", "EVAL_RO script 2 a", "EVAL_RO script -1 a", "EVAL_RO script x a",
    "EVAL_RO script 99999999999999999999 a", "EVALSHA_RO sha 0", "FCALL_RO name 0", "ZUNION 0 a", "ZUNION 9 a b",
    "XREAD nonsense STREAMS a 0", "SORT_RO a BY w_*", "SORT_RO a GET o_*->f",
  ]

  @Test("Each is found, and no other", arguments: requests)
  func found(line: String, keys: String?) { #expect(walk(line) == keys) }

  @Test("What it cannot tell, and scripts that declare none", arguments: anyKey)
  func unknown(line: String) { #expect(walk(line) == nil) }

  /// One key too many is a detour and nothing else: which value an option has is not looked at.
  @Test("A word in the place of a value")
  func superset() {
    #expect(walk("GEORADIUSBYMEMBER a store 3 m") == "a 3")
    #expect(walk("SORT a BY store GET store STORE d") == "a GET STORE d")
  }

  @Test("The server finds the same", .enabled(if: RedisServer.version == "7.0.15"))
  func server() throws {
    let replies = try RedisServer().ask(lines: Self.requests.map { "COMMAND GETKEYS \($0.line)" })
    try #require(replies.count == Self.requests.count)
    for (reply, request) in zip(replies, Self.requests) {
      let words = (request.keys ?? "").split(separator: " ").map { "\"\($0)\"" }
      #expect(reply == "[" + words.joined(separator: ",") + "]", "\(request.line)")
    }
  }

  @Test("Every readonly command that names keys is understood")
  func complete() {
    let left = CommandRow.builtin.filter { row in
      let spec = CommandTable.builtin.lookup(full: row.name)
      return row.flags.contains(.readonly) && row.flags.contains(.movableKeys) && spec.scope == .any
    }
    #expect(left.map(\.name) == [])
  }

  private func walk(_ line: String) -> String? {
    let words = line.split(separator: " ").map { Array($0.utf8) }
    let spec = words[0].withUnsafeBytes { CommandTable.builtin.lookup($0) }
    guard var walk = KeyWalk(spec.scope, argumentCount: words.count) else { return "no walk" }
    var keys: [String] = []
    for word in words.dropFirst() {
      switch word.withUnsafeBytes({ walk.consume($0) }) {
      case .key: keys.append(String(decoding: word, as: UTF8.self))
      case .other: continue
      case .anyKey: return nil
      case .done: return keys.joined(separator: " ")
      }
    }
    return keys.joined(separator: " ")
  }
}
