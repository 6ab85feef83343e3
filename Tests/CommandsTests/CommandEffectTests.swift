import Testing

@testable import Commands

/// What read-your-writes rests on: a command that changes data and is taken for one that does not would make reads stale.
@Suite("What a command changes, and which keys it concerns")
struct CommandEffectTests {
  let table = CommandTable.builtin

  @Test("Every command that the server calls a write changes something")
  func writes() {
    for row in CommandRow.builtin where row.flags.contains(.write) {
      #expect(table.lookup(full: row.name).effect == .changes, "\(row.name)")
    }
  }

  @Test("Of the others, those that can change data", arguments: ["eval", "evalsha", "fcall", "exec", "debug"])
  func hiddenWrites(name: String) {
    #expect(table.lookup(name).effect == .changes)
    #expect(table.lookup(name).scope == .any)
  }

  @Test("Readonly commands change nothing, nor do those about the server")
  func reads() {
    for row in CommandRow.builtin where row.flags.contains(.readonly) && row.name != "pfcount" {
      #expect(table.lookup(full: row.name).effect == .none, "\(row.name)")
    }
    for name in ["publish", "info", "config|set", "script|load", "time", "role", "acl|setuser", "multi", "watch"] {
      #expect(table.lookup(full: name).effect == .none, "\(name)")
    }
  }

  @Test("PFCOUNT is called readonly and writes the cardinality into its key")
  func cachedCardinality() {
    #expect(table.lookup("pfcount").effect == .changes)
    #expect(table.lookup("pfcount").scope == .listed)
  }

  @Test("What nobody knows may change anything, unless its server calls it readonly")
  func modules() {
    #expect(CommandSpec.unknown.effect == .changes)
    #expect(CommandSpec.unknown.scope == .any)
    let merged = table.merging([
      LiveCommand(name: "graph.query", arity: -2, flags: [], firstKey: 1, lastKey: 1, keyStep: 1),
      LiveCommand(name: "graph.ro", arity: -2, flags: ["readonly"], firstKey: 1, lastKey: 1, keyStep: 1),
      LiveCommand(name: "json.set", arity: -4, flags: ["write"], firstKey: 1, lastKey: 1, keyStep: 1),
    ])
    #expect(merged.lookup("graph.query").effect == .changes)
    #expect(merged.lookup("graph.ro").effect == .none)
    #expect(merged.lookup("json.set").effect == .changes)
    #expect(merged.lookup("json.set").scope == .second)
  }

  @Test(
    "Which keys",
    arguments: [
      ("get", KeyScope.second), ("set", .second), ("incr", .second), ("hset", .second), ("xadd", .second),
      ("zunionstore", .second), ("zdiffstore", .second),
      ("mget", .listed), ("mset", .listed), ("del", .listed), ("rename", .listed), ("copy", .listed),
      ("bitop", .listed), ("xgroup|create", .listed), ("pfmerge", .listed), ("zrangestore", .listed),
      ("flushall", .any), ("flushdb", .any), ("swapdb", .any), ("function|load", .any),
      ("eval", .any), ("evalsha", .any), ("fcall", .any), ("migrate", .any), ("dbsize", .any), ("keys", .any),
      ("sort", .stored), ("sort_ro", .patterned), ("lmpop", .countedBySecond), ("zunion", .countedBySecond),
      ("blmpop", .countedByThird), ("eval_ro", .countedByThird), ("fcall_ro", .countedByThird),
      ("xread", .streams), ("xreadgroup", .streams), ("georadius", .stored),
    ])
  func scopes(name: String, scope: KeyScope) {
    #expect(table.lookup(full: name).scope == scope)
  }

  @Test("A listed scope lists keys: never none, never beyond the arguments")
  func listed() {
    for row in CommandRow.builtin {
      let spec = table.lookup(full: row.name)
      // Channels without arguments: the client's own.
      guard spec.scope == .listed, !row.flags.contains(.pubsub) else { continue }
      for count in Int(abs(spec.arity))..<Int(abs(spec.arity)) + 4 where spec.accepts(argumentCount: count) {
        let range = spec.keyRange(argumentCount: count)
        #expect(!range.isEmpty && range.last < count, "\(row.name) with \(count) arguments: \(range)")
      }
    }
  }
}
