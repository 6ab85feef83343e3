import Testing

@testable import Commands

@Suite("Merging a server's own COMMAND reply")
struct CommandTableMergingTests {
  let builtin = CommandTable.builtin

  @Test("The built-in list merged into itself changes nothing, however often")
  func identity() {
    let once = builtin.merging(Dump.live)
    let twice = once.merging(Dump.live.reversed())
    for name in CommandRow.builtin.map(\.name) {
      #expect(once.lookup(full: name) == builtin.lookup(full: name), "\(name)")
      #expect(twice.lookup(full: name) == builtin.lookup(full: name), "\(name)")
      #expect(twice.because(twice.lookup(full: name)) == builtin.because(builtin.lookup(full: name)))
    }
    #expect(once.idLimit == builtin.idLimit)
    #expect(twice.idLimit == builtin.idLimit)
  }

  @Test("A real server's reply changes nothing either", .enabled(if: RedisServer.version == "7.0.15"))
  func liveServer() throws {
    let merged = builtin.merging(try RedisServer().commands())
    for name in CommandRow.builtin.map(\.name) {
      #expect(merged.lookup(full: name) == builtin.lookup(full: name), "\(name)")
    }
  }

  @Test("A module's commands appear, with ids of their own, and keep them")
  func modules() {
    let search = LiveCommand(name: "FT.SEARCH", arity: -3, flags: ["readonly"])
    let graph = LiveCommand(
      name: "graph", arity: -2, flags: [],
      subcommands: [
        .init(name: "graph|query", arity: 3, flags: ["readonly"], firstKey: 2, lastKey: 2, keyStep: 1),
        .init(name: "WAIT", arity: 2, flags: ["blocking"]),
      ])
    #expect(builtin.lookup("ft.search") == .unknown)
    let merged = builtin.merging(Dump.live + [search, graph])
    #expect(merged.lookup("Ft.Search").placement == .replica)
    #expect(merged.name(of: merged.lookup("ft.search")) == "FT.SEARCH")
    #expect(merged.lookup("graph").flags.contains(.container))
    #expect(merged.lookup("graph", "query").firstKey == 2)
    #expect(merged.lookup("graph", "nope") == merged.lookup("graph"))
    #expect(merged.lookup("graph", "wait").pin == .blocking)
    #expect(merged.idLimit == builtin.idLimit + 4)

    let without = merged.merging(Dump.live)
    #expect(without.lookup("ft.search") == .unknown)
    let again = without.merging(Dump.live + [search])
    #expect(again.lookup("ft.search") == merged.lookup("ft.search"))
  }

  @Test("The server's flags, arity and keys win; the overrides stand above them")
  func liveWins() {
    let live = [
      LiveCommand(name: "get", arity: -2, flags: ["write", "novel"], firstKey: 2, lastKey: -1, keyStep: 3),
      LiveCommand(name: "incr", arity: 2, flags: ["readonly", "blocking"]),
      LiveCommand(name: "scan", arity: -9, flags: ["readonly"]),
      LiveCommand(name: "ping", arity: -1, flags: ["readonly", "blocking"]),
      LiveCommand(name: "hset", arity: 99_999, flags: ["readonly", "write"]),
    ]
    let merged = builtin.merging(live)
    let get = merged.lookup("get")
    #expect(get.id == builtin.lookup("get").id)
    #expect(get.flags == .write && get.placement == .primary && get.arity == -2)
    #expect((get.firstKey, get.lastKey, get.keyStep) == (2, -1, 3))
    #expect(merged.lookup("incr").pin == .blocking)
    #expect(merged.lookup("incr").placement == .replica)
    #expect(merged.lookup("scan").arity == -9)
    #expect(merged.lookup("scan").placement == .primary)
    #expect(merged.lookup("ping").handling == .local)
    #expect(merged.lookup("hset").placement == .primary)
    #expect(merged.lookup("hset").arity == .max)
  }

  @Test("What the server does not list is unknown, unless forwarding it would do harm")
  func unlisted() {
    let merged = builtin.merging([LiveCommand(name: "get", arity: 2, flags: ["readonly"])])
    #expect(merged.lookup("set") == .unknown)
    #expect(merged.lookup("config", "get") == .unknown)
    for row in CommandRow.builtin + CommandOverride.newerRows {
      let before = builtin.lookup(full: row.name)
      guard before.handling != .forward, CommandOverride.byName[row.name]?.unlisted != .forward else { continue }
      #expect(merged.lookup(full: row.name) == before, "\(row.name)")
    }
    #expect(merged.lookup("client").flags.contains(.container))
  }

  @Test("A newer command goes to an older server for its own 'unknown subcommand', if that harms no one")
  func newer() {
    let old = builtin.merging(Dump.live)
    #expect(builtin.lookup("client", "setinfo").local == .clientSetInfo)
    #expect(old.lookup("client", "setinfo") == old.lookup("client"))
    #expect(old.lookup("client", "capa") == old.lookup("client"))
    #expect(old.lookup("client", "no-touch").pin == .connectionMode)
    #expect(old.lookup("waitaof").pin == .acknowledgement)

    var live = Dump.live
    let client = live.firstIndex { $0.name == "client" }!
    live[client].subcommands.append(.init(name: "client|setinfo", arity: 4, flags: ["noscript"]))
    let new = builtin.merging(live)
    #expect(new.lookup("client", "SETINFO").local == .clientSetInfo)
    #expect(new.lookup("client", "SETINFO").flags == .noScript)
  }

  @Test("Redis 6 lists no subcommands: containers are still taken apart where it matters")
  func redis6() {
    let live = [
      LiveCommand(name: "client", arity: -2, flags: ["admin", "noscript", "random", "loading", "stale"]),
      LiveCommand(name: "object", arity: -2, flags: ["readonly", "random"], firstKey: 2, lastKey: 2, keyStep: 1),
      LiveCommand(name: "memory", arity: -2, flags: ["readonly", "random", "movablekeys"]),
      LiveCommand(name: "xinfo", arity: -2, flags: ["readonly", "random"], firstKey: 2, lastKey: 2, keyStep: 1),
      LiveCommand(name: "script", arity: -2, flags: ["noscript", "may_replicate"]),
    ]
    let merged = builtin.merging(live)
    #expect(merged.lookup("client", "setname").local == .clientSetName)
    #expect(merged.lookup("client", "pause").pin == .interruption)
    #expect(merged.lookup("script", "debug").handling == .pinned)
    #expect(merged.lookup("object", "freq").placement == .primary)
    #expect(merged.lookup("memory", "usage").placement == .primary)
    #expect(merged.lookup("xinfo", "stream").placement == .replica)
  }

  @Test("Nonsense is dropped, not trusted")
  func nonsense() {
    let live = [
      LiveCommand(name: "", arity: 0, flags: []),
      LiveCommand(name: "get", arity: 2, flags: ["readonly"]),
      LiveCommand(name: "GET", arity: 5, flags: ["write"]),
      LiveCommand(name: "|", arity: 5, flags: ["write"]),
      LiveCommand(name: "orphan|child", arity: 5, flags: ["write"]),
      LiveCommand(name: "x", arity: .min, flags: [], subcommands: [.init(name: "x|", arity: 1, flags: [])]),
    ]
    let merged = builtin.merging(live)
    #expect(merged.lookup("get").arity == 2)
    #expect(merged.lookup("") == .unknown)
    #expect(merged.lookup("orphan", "child") == .unknown)
    #expect(merged.lookup("x").arity == .min)
    #expect(merged.lookup("x").accepts(argumentCount: 1) == false)
  }

  @Test("More commands than there are ids: the rest stay unknown")
  func tooMany() {
    let live = (0..<70_000).map { LiveCommand(name: "m\($0)", arity: 1, flags: ["readonly"]) }
    let merged = builtin.merging(live)
    #expect(merged.lookup("m0").placement == .replica)
    #expect(merged.lookup("m69999") == .unknown)
    #expect(merged.lookup("multi").pin == .transaction)
  }
}
