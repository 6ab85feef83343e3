import Testing

@testable import Commands

@Suite("Exceptions to the server's flags")
struct CommandOverrideTests {
  let table = CommandTable.builtin

  @Test("Each names a command that exists, once, and says why")
  func wellFormed() {
    let names = CommandOverride.all.flatMap(\.names)
    #expect(Set(names).count == names.count)
    for override in CommandOverride.all {
      #expect(!override.because.isEmpty && !override.because.hasSuffix("."), "\(override.names)")
      for name in override.names {
        #expect((Dump.commands[name] != nil) != (override.newer != nil), "\(name)")
        let spec = table.lookup(full: name)
        #expect(table.because(spec) == override.because)
        #expect(override.placement == nil || override.placement == spec.placement)
        #expect(override.unlisted == .keep || override.newer != nil)
      }
    }
  }

  @Test("Detail and handling agree in every spec")
  func consistent() {
    for row in CommandRow.builtin + CommandOverride.newerRows {
      let spec = table.lookup(full: row.name)
      #expect((spec.local != nil) == (spec.handling == .local), "\(row.name)")
      #expect((spec.pin != nil) == (spec.handling == .pinned || spec.handling == .pinnedIfBlocking), "\(row.name)")
      #expect((table.refusal(of: spec) != nil) == (spec.handling == .refused), "\(row.name)")
    }
  }

  @Test("Every local command is some command's")
  func locals() {
    let rows = CommandRow.builtin + CommandOverride.newerRows
    let used = rows.compactMap { table.lookup(full: $0.name).local }
    #expect(Set(used) == Set(LocalCommand.allCases))
    #expect(used.count == LocalCommand.allCases.count)
    #expect(table.lookup("PING").local == .ping)
    #expect(table.lookup("client", "ID").local == .clientID)
    #expect(table.lookup("get").local == nil)
  }

  @Test(
    "What changes a connection never reaches a shared one",
    arguments: [
      ("multi exec discard watch unwatch", PinKind.transaction),
      ("blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin", .blocking),
      ("wait waitaof", .acknowledgement),
      ("subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe", .subscription),
      ("monitor", .monitor),
      ("client|tracking client|caching", .tracking),
      ("sync psync replconf", .replication),
      ("client|no-evict client|no-touch client|import-source", .connectionMode),
      ("script|debug", .debugging), ("script|kill function|kill client|pause client|unpause", .interruption),
    ])
  func pinned(names: String, pin: PinKind) {
    for name in names.split(separator: " ") {
      #expect(table.lookup(full: String(name)).handling == .pinned, "\(name)")
      #expect(table.lookup(full: String(name)).pin == pin, "\(name)")
    }
  }

  @Test("Everything else is forwarded")
  func forwarded() {
    let kept = CommandRow.builtin.map(\.name).filter { table.lookup(full: $0).handling != .forward }
    #expect(
      kept == [
        "asking", "auth", "blmove", "blmpop", "blpop", "brpop", "brpoplpush", "bzmpop", "bzpopmax", "bzpopmin",
        "client|caching", "client|getname", "client|id", "client|info", "client|kill", "client|list",
        "client|no-evict", "client|pause", "client|reply", "client|setname", "client|tracking", "client|unblock",
        "client|unpause", "discard", "echo",
        "exec", "function|kill", "hello", "monitor", "multi", "ping", "psubscribe", "psync", "punsubscribe", "quit",
        "readonly",
        "readwrite", "replconf", "reset", "script|debug", "script|flush", "script|kill", "script|load", "select",
        "ssubscribe", "subscribe", "sunsubscribe", "sync",
        "unsubscribe", "unwatch", "wait", "watch", "xread", "xreadgroup",
      ])
    #expect(table.lookup("xread").handling == .pinnedIfBlocking)
    #expect(table.lookup("xreadgroup").handling == .pinnedIfBlocking)
  }

  @Test("The words that close a connection do so in any case, and only they")
  func closing() {
    for name in ["post", "POST", "Host:", "host:"] { #expect(table.lookup(name).handling == .closeSilently) }
    for name in ["posts", "pos", "host", "host:x"] { #expect(table.lookup(name) == .unknown) }
  }

  @Test("What servers hide is known: these may replicate without being writes")
  func mayReplicate() {
    let hidden = CommandRow.builtin.map(\.name).filter { table.lookup(full: $0).flags.contains(.mayReplicate) }
    #expect(hidden == ["eval", "evalsha", "fcall", "pfcount", "publish", "spublish"])
  }
}
