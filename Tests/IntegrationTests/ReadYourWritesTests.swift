import Synchronization
import TestSupport
import Testing

/// With `reads.consistency: read-your-writes`, the default: replication is kept back by relays, so a read that went to a
/// replica too early would show it.
@Suite(.throughTheAmbassador)
struct ReadYourWritesTests {
  @Test func `what was written is read, from any connection, and other keys still from replicas`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"], ["SET", "other", "value"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try writer.call("SET", "key", "new"), .simple("OK"))
      let calls = try lab.calls(of: "get") {
        for _ in 0..<50 {
          try expectEqual(try reader.call("GET", "key"), .bulk("new"))
          try expectEqual(try writer.call("GET", "key"), .bulk("new"))
        }
      }
      try expectEqual(calls, [100, 0, 0])
      let others = try lab.calls(of: "get") {
        for _ in 0..<100 { try expectEqual(try reader.call("GET", "other"), .bulk("value")) }
      }
      try expectEqual(others[0], 0, "reads of other keys on the primary")
      for relay in lab.redis.relays { relay.release() }
      try eventually("the key is read from a replica again") {
        try lab.redis.calls(of: "get") { try expectEqual(try reader.call("GET", "key"), .bulk("new")) }[0] == 0
      }
    }
  }

  @Test func `reads that say which keys they read are spared the primary when others were written`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([
        ["SET", "key", "old"], ["SET", "other", "value"], ["ZADD", "z", "1", "m"], ["XADD", "s", "1-1", "f", "v"],
        ["RPUSH", "l", "b", "a"],
      ])
      let client = try lab.connect()
      for relay in lab.redis.relays { relay.hold() }
      // None of these counts for all keys either.
      for write in [
        ["SET", "key", "new"], ["SORT", "l", "ALPHA", "STORE", "sorted"], ["LMPOP", "1", "none", "LEFT"],
        ["BLMPOP", "0.01", "1", "none", "LEFT"],
      ] { _ = try client.call(write) }
      for (command, request) in [
        ("eval_ro", ["EVAL_RO", "return redis.call('GET', KEYS[1])", "1", "other"]), ("zunion", ["ZUNION", "1", "z"]),
        ("xread", ["XREAD", "STREAMS", "s", "0"]), ("sort_ro", ["SORT_RO", "other:list", "BY", "nosort"]),
        ("get", ["GET", "other"]),
      ] {
        let calls = try lab.calls(of: command) { _ = try client.call(request) }
        try expectEqual(calls[0], 0, "\(request)")
      }
      let declared = ["EVAL_RO", "return redis.call('GET', KEYS[1])", "1", "key"]
      try expectEqual(try client.call(declared), .bulk("new"))
      try expectEqual(try client.call("EVAL_RO", "return redis.call('GET', 'key')", "0"), .bulk("new"))
    }
  }

  @Test func `while a script runs, others read from replicas, and what it wrote when it is answered`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      for round in 0..<3 {
        try eventually("what was written is proven") {
          try lab.redis.calls(of: "get") { _ = try reader.call("GET", "key") }[0] == 0
        }
        try writer.send(
          Request.bytes(pipeline: [
            [
              "EVAL",
              """
              local began = redis.call('TIME')
              repeat local now = redis.call('TIME') until (now[1] - began[1]) * 1000000 + now[2] - began[2] > 500000
              return redis.call('SET', 'key', ARGV[1])
              """, "0", "\(round)",
            ], ["GET", "key"],
          ]))
        let start = ContinuousClock.now
        for _ in 0..<200 { _ = try reader.call("GET", "key") }
        try check(ContinuousClock.now - start < .milliseconds(400), "reads wait for the script")
        try expectEqual(try writer.replies(2), [.simple("OK"), .bulk("\(round)")])
        try expectEqual(try reader.call("GET", "key"), .bulk("\(round)"))
      }
    }
  }

  @Test func `one replica is far behind and the other is not`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let client = try lab.connect()
      lab.redis.relays[0].hold()
      try expectEqual(try client.call("SET", "key", "new"), .simple("OK"))
      try eventually("the key is read from the replica that has it") {
        try lab.redis.calls(of: "get") { try expectEqual(try client.call("GET", "key"), .bulk("new")) }[2] == 1
      }
    }
  }

  /// A write, and a read that shows it. Both databases that some of them touch are looked at.
  static let writes: [(write: [[String]], read: [String])] = [
    ([["SET", "a", "2"]], ["GET", "a"]),
    ([["MSET", "x", "1", "a", "2"]], ["MGET", "other", "a"]),
    ([["INCRBY", "number", "5"]], ["GET", "number"]),
    ([["DEL", "a"]], ["EXISTS", "a"]),
    ([["UNLINK", "b", "a"]], ["EXISTS", "a", "b"]),
    ([["RENAME", "a", "c"]], ["MGET", "a", "c"]),
    ([["COPY", "a", "c"]], ["GET", "c"]),
    ([["EXPIRE", "a", "1000"]], ["TTL", "a"]),
    ([["PERSIST", "mortal"]], ["TTL", "mortal"]),
    ([["GETDEL", "a"]], ["GET", "a"]),
    ([["GETEX", "mortal", "PERSIST"]], ["TTL", "mortal"]),
    ([["APPEND", "a", "z"]], ["STRLEN", "a"]),
    ([["SETRANGE", "a", "3", "z"]], ["GETRANGE", "a", "0", "-1"]),
    ([["BITFIELD", "a", "SET", "u8", "0", "7"]], ["GET", "a"]),
    ([["BITOP", "OR", "c", "a", "b"]], ["GET", "c"]),
    ([["HSET", "hash", "f", "2"]], ["HGETALL", "hash"]),
    ([["LPUSH", "list", "z"]], ["LRANGE", "list", "0", "-1"]),
    ([["LMPOP", "2", "none", "list", "LEFT"]], ["LLEN", "list"]),
    ([["SORT", "list", "ALPHA", "STORE", "sorted"]], ["LLEN", "sorted"]),
    ([["SORT", "list", "ALPHA", "STORE", "sorted"]], ["SORT_RO", "sorted", "ALPHA"]),
    ([["SET", "a", "2"]], ["SORT_RO", "list", "BY", "nosort", "GET", "*"]),
    ([["SET", "w_a", "2"]], ["SORT_RO", "list", "BY", "w_*"]),
    ([["SET", "a", "2"]], ["EVAL_RO", "return redis.call('get', KEYS[2])", "2", "b", "a"]),
    ([["SET", "a", "2"]], ["EVAL_RO", "return redis.call('get', 'a')", "0"]),
    ([["ZMPOP", "2", "none", "zset", "MIN"]], ["ZINTERCARD", "2", "zset", "zset"]),
    ([["SREM", "set", "1"]], ["SINTERCARD", "2", "set", "set"]),
    ([["XADD", "stream", "9-9", "f", "v"]], ["XREAD", "COUNT", "9", "STREAMS", "none", "stream", "0", "0"]),
    (
      [["XGROUP", "CREATE", "stream", "g", "0"], ["XREADGROUP", "GROUP", "g", "me", "STREAMS", "stream", ">"]],
      ["XPENDING", "stream", "g"]
    ),
    (
      [["GEOADD", "places", "13", "38", "p"], ["GEORADIUS", "places", "13", "38", "5", "km", "STORE", "near"]],
      ["ZCARD", "near"]
    ),
    ([["BLMPOP", "1", "2", "none", "list", "LEFT"]], ["LLEN", "list"]),
    ([["SPOP", "set", "1"]], ["SCARD", "set"]),
    ([["SINTERSTORE", "common", "set", "set"]], ["SMEMBERS", "common"]),
    ([["ZADD", "zset", "9", "m"]], ["ZSCORE", "zset", "m"]),
    ([["ZUNIONSTORE", "union", "2", "zset", "zset"]], ["ZCARD", "union"]),
    ([["ZADD", "zset", "9", "m"]], ["ZUNION", "2", "zset", "none"]),
    ([["XADD", "stream", "9-9", "f", "v"]], ["XLEN", "stream"]),
    ([["XGROUP", "CREATE", "stream", "group", "$"]], ["XINFO", "GROUPS", "stream"]),
    ([["PFADD", "visitors", "someone"]], ["PFCOUNT", "visitors"]),
    ([["GEOADD", "places", "13.3", "38.1", "p"]], ["GEOPOS", "places", "p"]),
    ([["EVAL", "return redis.call('set', KEYS[1], 'scripted')", "1", "a"]], ["GET", "a"]),
    ([["EVAL", "return redis.call('set', 'a', 'undeclared')", "0"]], ["GET", "a"]),
    (
      [["FUNCTION", "LOAD", "REPLACE", "#!lua name=l\nredis.register_function('f', function() return 1 end)"]],
      ["FCALL_RO", "f", "0"]
    ),
    (
      [
        [
          "FUNCTION", "LOAD", "REPLACE",
          "#!lua name=w\nredis.register_function('w', function(k) return redis.call('set', k[1], 'called') end)",
        ], ["FCALL", "w", "1", "a"],
      ], ["GET", "a"]
    ),
    (
      [
        ["SCRIPT", "LOAD", "return redis.call('set', KEYS[1], 'by hash')"],
        ["EVALSHA", "0c7bdbee42af0fea95de8be2ca8ed659bc418b42", "1", "a"],
      ], ["GET", "a"]
    ),
    ([["COPY", "a", "a", "DB", "1", "REPLACE"], ["SELECT", "1"]], ["GET", "a"]),
    ([["MULTI"], ["SET", "a", "9"], ["RPUSH", "list", "x"], ["EXEC"]], ["GET", "a"]),
    ([["MULTI"], ["SET", "a", "9"], ["RPUSH", "list", "x"], ["EXEC"]], ["LLEN", "list"]),
    ([["WATCH", "b"], ["SET", "a", "9"], ["UNWATCH"]], ["GET", "a"]),
    ([["WATCH", "b"], ["MULTI"], ["EVAL", "return redis.call('set', 'a', '7')", "0"], ["EXEC"]], ["GET", "a"]),
    ([["BLPOP", "none", "list", "1"]], ["LRANGE", "list", "0", "-1"]),
    ([["BLMOVE", "list", "moved", "LEFT", "LEFT", "1"]], ["LRANGE", "moved", "0", "-1"]),
    ([["BZPOPMIN", "zset", "1"]], ["ZCARD", "zset"]),
    ([["FLUSHDB"]], ["EXISTS", "a"]),
    ([["FLUSHALL", "SYNC"]], ["GET", "b"]),
    ([["SWAPDB", "0", "1"]], ["GET", "a"]),
    ([["MOVE", "a", "1"], ["SELECT", "1"]], ["GET", "a"]),
    ([["SELECT", "1"], ["SET", "a", "3"]], ["GET", "a"]),
    ([["DEBUG", "SET-ACTIVE-EXPIRE", "1"], ["RESTORE", "r", "0", "\u{0}\u{1}x"], ["SET", "a", "3"]], ["GET", "a"]),
  ]

  @Test func `what leaves for another server, comes from one, or is moved by another's push is seen`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "leaves", "1"], ["SET", "model", "1"]])
      let (writer, reader, other) = (try lab.connect(), try lab.connect(), try RedisServer())
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(
        try writer.call("MIGRATE", "127.0.0.1", "\(other.port)", "leaves", "0", "5000"), .simple("OK"))
      try expectEqual(try reader.call("EXISTS", "leaves"), .integer(0))
      guard case .bulk(let payload) = try lab.primary.call("DUMP", "model") else { throw Failure("no payload") }
      try writer.send(Request.bytes([Array("RESTORE".utf8), Array("restored".utf8), [UInt8(ascii: "0")], payload]))
      try expectEqual(try writer.reply().value, .simple("OK"))
      try expectEqual(try reader.call("GET", "restored"), .bulk("1"))
      let mover = try lab.connect()
      try mover.send(Request.bytes(["BLMOVE", "source", "target", "LEFT", "LEFT", "0"]))
      try eventually("it waits") { try lab.primary.info("clients")["blocked_clients"] == "1" }
      try expectEqual(try writer.call("RPUSH", "source", "x"), .integer(1))
      try expectEqual(try mover.reply().value, .bulk("x"))
      try expectEqual(try reader.call("LRANGE", "target", "0", "-1"), .array([.bulk("x")]))
    }
  }

  @Test(arguments: [2, 3])
  func `every kind of write is seen`(protocolVersion: Int) throws {
    try withLab(relayed: true) { lab in
      let seed = [
        ["FLUSHALL"], ["SELECT", "1"], ["SET", "a", "in db 1"], ["SELECT", "0"], ["SET", "a", "1"], ["SET", "b", "1"],
        ["SET", "number", "1"], ["SET", "mortal", "1", "EX", "5000"], ["HSET", "hash", "f", "1"],
        ["RPUSH", "list", "b", "a"], ["SADD", "set", "1", "2"], ["ZADD", "zset", "1", "l"],
        ["XADD", "stream", "1-1", "f", "v"], ["SET", "other", "1"],
      ]
      for (write, read) in Self.writes {
        try lab.redis.seed(seed)
        for relay in lab.redis.relays { relay.hold() }
        let (writer, reader) = (try lab.connect(), try lab.connect())
        if protocolVersion == 3 { for client in [writer, reader] { _ = try client.call("HELLO", "3") } }
        for command in write { _ = try writer.call(command) }
        let database = write.first(where: { $0[0] == "SELECT" })?[1] ?? "0"
        try expectEqual(try reader.call("SELECT", database), .simple("OK"))
        let truth = try lab.primary.connect()
        if protocolVersion == 3 { _ = try truth.call("HELLO", "3") }
        _ = try truth.call("SELECT", database)
        try expectEqual(try reader.call(read), try truth.call(read), "\(write) then \(read)")
        for relay in lab.redis.relays { relay.release() }
      }
    }
  }

  /// A connection whose replies nobody matches any more: after SUBSCRIBE within MULTI.
  @Test func `what is written on a connection that is a feed is seen`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let (feed, reader) = (try lab.connect(), try lab.connect())
      _ = try feed.call("HELLO", "3")
      for words in [["MULTI"], ["SUBSCRIBE", "channel"], ["EXEC"]] { _ = try feed.call(words) }
      for relay in lab.redis.relays { relay.hold() }
      for version in 1...3 {
        try feed.send(Request.bytes(["SET", "key", "\(version)"]))
        var reply = try feed.reply().value
        while reply != .simple("OK") { reply = try feed.reply().value }
        try expectEqual(try reader.call("GET", "key"), .bulk("\(version)"))
      }
    }
  }

  @Test func `a script that says QUEUED has written nonetheless`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try writer.call("WATCH", "other"), .simple("OK"))
      let script = "redis.call('set', KEYS[1], 'new') return redis.status_reply('QUEUED')"
      try expectEqual(try writer.call("EVAL", script, "1", "key"), .simple("QUEUED"))
      try expectEqual(try reader.call("GET", "key"), .bulk("new"))
    }
  }

  /// Whoever looks what became of it must not be shown what was before.
  @Test func `a transaction of unknown fate counts as one that was executed`() throws {
    try withLab(flags: ["--upstream-timeout", "100ms"], relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      for relay in lab.redis.relays { relay.hold() }
      for words in [["MULTI"], ["SET", "key", "new"], ["DEBUG", "SLEEP", "3"]] { _ = try writer.call(words) }
      // So long that it is given up.
      let fate = try writer.call("EXEC")
      try check(fate.errorText?.hasPrefix("AMBUNKNOWN") == true, "\(fate)")
      try expectEqual(try reader.call("GET", "key"), .bulk("new"))
    }
  }

  /// There is nobody who could tell more of it, perhaps for long.
  @Test(arguments: ["transaction", "script"])
  func `what is lost with the primary stops no reads of other keys`(lost: String) throws {
    try withLab(flags: ["--upstream-timeout", "100ms", "--failover-hold", "1h"]) { lab in
      try lab.redis.seed([["SET", "key", "old"], ["SET", "other", "value"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      try expectEqual(try reader.call("GET", "other"), .bulk("value"))
      let script = ["EVAL", "redis.call('set', KEYS[1], 'new') while true do end", "1", "key"]
      if lost == "transaction" {
        for words in [["MULTI"], ["SET", "another", "new"], script] { _ = try writer.call(words) }
        try writer.send(Request.bytes(["EXEC"]))
      } else {
        try writer.send(Request.bytes(script))
      }
      // Whoever is busy with it answers nobody else.
      try eventually("it is executed") {
        (try? RESPClient(port: lab.primary.port, patience: .milliseconds(100)).call("PING")) == nil
      }
      lab.primary.kill()
      let fate = try writer.reply().value
      try check(fate.errorText?.hasPrefix("AMBUNKNOWN") == true, "\(fate)")
      try expectEqual(try reader.call("GET", "other"), .bulk("value"))
    }
  }

  /// Versions only grow: a reader must see at least what was acknowledged when it asked.
  private func checkUnderLoad(
    _ lab: Lab, keys: Int = 40, until isEnough: @escaping @Sendable (_ reads: Int) -> Bool,
    meanwhile disturb: () throws -> Void = {}
  ) throws {
    let acknowledged = Mutex([Int](repeating: 0, count: keys))
    let reads = Atomic(0)
    let service = lab.service
    let setup = try lab.connect()
    for key in 0..<keys { try expectEqual(try setup.call("SET", "v:\(key)", "0"), .simple("OK")) }
    let writers = Crew(4) { index, shift in
      let client = try service.connect()
      var round = 0
      while !shift.isOver {
        // Each writer has keys of its own, so that versions are in order.
        let key = (round * 4 + index) % keys
        round += 1
        let version = acknowledged.withLock { $0[key] } + 1
        let reply =
          round % 3 == 0
          ? try client.call("EVAL", "return redis.call('set', KEYS[1], ARGV[1])", "1", "v:\(key)", "\(version)")
          : try client.call("SET", "v:\(key)", "\(version)")
        try expectEqual(reply, .simple("OK"))
        acknowledged.withLock { $0[key] = version }
      }
    }
    let readers = Crew(4) { index, shift in
      let client = try service.connect()
      var round = index
      while !shift.isOver {
        let picks = (0..<(round % 5 + 1)).map { (round * 7 + $0 * 3) % keys }
        round += 1
        let atLeast = acknowledged.withLock { versions in picks.map { versions[$0] } }
        let replies = try client.pipeline(picks.map { ["GET", "v:\($0)"] })
        for (index, reply) in replies.enumerated() {
          let seen = reply.text.flatMap { Int($0) } ?? -1
          try check(seen >= atLeast[index], "v:\(picks[index]) was \(reply), acknowledged was \(atLeast[index])")
        }
        reads.add(picks.count, ordering: .relaxed)
      }
    }
    try disturb()
    var failure: (any Error)?
    try eventually(within: .seconds(120), "enough reads") {
      failure = writers.errors.first ?? readers.errors.first
      return failure != nil || isEnough(reads.load(ordering: .relaxed))
    }
    if let failure { throw failure }
    try readers.stop()
    try writers.stop()
  }

  @Test(arguments: [1, 2])
  func `under load, with replicas that are 20 ms behind`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"], relayed: true) { lab in
      for relay in lab.redis.relays { relay.delay(.milliseconds(20)) }
      try checkUnderLoad(lab, until: { $0 > 5000 })
    }
  }

  @Test func `while replicas restart, hang, sleep and copy everything anew, and the primary sleeps`() throws {
    try withLab(flags: ["--threads", "2"], relayed: true) { lab in
      for relay in lab.redis.relays { relay.delay(.milliseconds(3)) }
      do {
        let done = Flag()
        try checkUnderLoad(lab, until: { _ in done.isSet }) {
          for round in 0..<5 {
            let replica = lab.replicas[round % 2]
            switch round {
            case 0: try replica.restart()
            case 3: try replica.call("DEBUG", "SLEEP", "0.4")
            case 4: try lab.primary.call("DEBUG", "SLEEP", "0.4")
            case 1:
              replica.freeze()
              pause(.milliseconds(300))
              replica.thaw()
            default:
              // Its place in the history is forgotten: it must copy everything.
              try replica.call("DEBUG", "CHANGE-REPL-ID")
              lab.redis.relays[round % 2].cut()
            }
            try lab.redis.waitUntilLinked()
          }
          done.set()
        }
      }
    }
  }

  /// In one pipeline everything is as one server would have done it.
  @Test func `a pipeline of reads and writes is in program order`() throws {
    try withLab(flags: ["--threads", "2"], relayed: true) { lab in
      for relay in lab.redis.relays { relay.hold() }
      try concurrently(4) { index in
        let client = try lab.connect()
        for round in 0..<20 {
          var commands: [[String]] = []
          var expected: [RESPValue] = []
          var version = 0
          for step in 0..<100 {
            if (step * 7 + round) % 3 == 0 {
              version += 1
              commands.append(["SET", "p:\(index):\(round)", "\(version)"])
              expected.append(.simple("OK"))
            } else {
              commands.append(["GET", "p:\(index):\(round)"])
              expected.append(version == 0 ? .nullBulk : .bulk("\(version)"))
            }
          }
          try expectEqual(try client.pipeline(commands), expected)
        }
      }
    }
  }

  /// Where in the pipeline it stands matters: its reads are looked up some at a time.
  @Test(arguments: [0, 1, 15, 16, 17, 39])
  func `a pipeline of reads, of which one must see a new write, is answered by the primary`(position: Int) throws {
    try withLab(relayed: true) { lab in
      let names = (0..<40).map { "key:\($0)" }
      try lab.redis.seed(names.map { ["SET", $0, "old"] })
      let client = try lab.connect()
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try client.call("SET", names[position], "new"), .simple("OK"))
      var expected = names.map { _ in RESPValue.bulk("old") }
      expected[position] = .bulk("new")
      let calls = try lab.redis.calls(of: "get") {
        try expectEqual(try client.pipeline(names.map { ["GET", $0] }), expected)
      }
      try expectEqual(calls, [40, 0, 0])
      let others = try lab.calls(of: "get") {
        let rest = names.filter { $0 != names[position] }
        try expectEqual(try client.pipeline(rest.map { ["GET", $0] }), rest.map { _ in .bulk("old") })
      }
      try expectEqual(others[0], 0, "reads of other keys on the primary")
    }
  }

  /// The same while there is no primary to turn to: what no replica has waits, and is an error when nobody comes.
  @Test func `without a primary, a pipeline of reads of which no replica can answer one`() throws {
    try withLab(flags: ["--failover-hold", "0s"], relayed: true) { lab in
      let names = (0..<40).map { "key:\($0)" }
      try lab.redis.seed(names.map { ["SET", $0, "old"] })
      let client = try lab.connect()
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try client.call("SET", names[17], "new"), .simple("OK"))
      lab.primary.kill()
      try eventually("the primary is known to be gone") {
        try client.call("SET", "x", "y").errorText?.hasPrefix("AMBDOWN") == true
      }
      for (index, reply) in try client.pipeline(names.map { ["GET", $0] }).enumerated() {
        if index == 17 {
          try check(reply.errorText?.contains("read-your-writes") == true, "\(reply)")
        } else {
          try check(reply == .bulk("old") || reply.errorText?.contains("read-your-writes") == true, "\(reply)")
        }
      }
      try expectEqual(try client.call("GET", names[16]), .bulk("old"))
    }
  }

  @Test func `without a primary, what no replica is proven to have is an error, and the rest is read`() throws {
    try withLab(flags: ["--failover-hold", "0s"], relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"], ["SET", "other", "value"]])
      let client = try lab.connect()
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try client.call("SET", "key", "new"), .simple("OK"))
      lab.primary.kill()
      try eventually("the primary is known to be gone") {
        try client.call("SET", "x", "y").errorText?.hasPrefix("AMBDOWN") == true
      }
      let reply = try client.call("GET", "key")
      try check(reply.errorText?.hasPrefix("AMBDOWN") == true, "\(reply)")
      try check(reply.errorText?.contains("read-your-writes") == true, "\(reply)")
      try expectEqual(try client.call("GET", "other"), .bulk("value"))
    }
  }

  /// A new connection has proven nothing yet, and what all replicas had is not known by key any more.
  @Test func `without a primary, what replicas have is read over new connections as well`() throws {
    try withLab(flags: ["--failover-hold", "60s"]) { lab in
      let client = try lab.connect()
      for index in 0..<50 { try expectEqual(try client.call("SET", "key:\(index)", "\(index)"), .simple("OK")) }
      try eventually("all is read from replicas") {
        try lab.redis.calls(of: "get") { _ = try client.pipeline((0..<50).map { ["GET", "key:\($0)"] }) }[0] == 0
      }
      lab.primary.kill()
      try eventually("the primary is known to be gone") { lab.service.report.contains("no primary") }
      for round in 0..<10 {
        for replica in lab.replicas { _ = try replica.call("CLIENT", "KILL", "TYPE", "normal") }
        let keys = round % 2 == 0 ? 0..<50 : round..<round + 1
        for (key, reply) in zip(keys, try client.pipeline(keys.map { ["GET", "key:\($0)"] })) {
          try expectEqual(reply, .bulk("\(key)"), "round \(round)")
        }
        try expectEqual(try client.call("GET", "never written"), .nullBulk, "round \(round)")
      }
    }
  }

  @Test func `without a primary, a read that nobody can answer yet waits quietly, and others go on`() throws {
    try withLab(flags: ["--failover-hold", "2s"], relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"], ["SET", "other", "value"]])
      let (client, waiting) = (try lab.connect(), try lab.connect())
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try client.call("SET", "key", "new"), .simple("OK"))
      lab.primary.kill()
      try eventually("the primary is known to be gone") { lab.service.report.contains("no primary") }
      try waiting.send(Request.bytes(["GET", "key"]))
      for _ in 0..<50 { try expectEqual(try client.call("GET", "other"), .bulk("value")) }
      let before = try lab.replicas.map { try $0.calls(of: "info") }
      let reply = try waiting.reply().value
      try check(reply.errorText?.hasPrefix("AMBDOWN") == true, "\(reply)")
      let asked = zip(try lab.replicas.map { try $0.calls(of: "info") }, before).map { $0 - $1 }
      try check(asked.allSatisfy { $0 < 200 }, "\(asked) times INFO while one read waited")
      try expectEqual(try client.call("GET", "other"), .bulk("value"))
    }
  }

  /// The primary names another history when its backlog is made anew: fences must be too.
  @Test func `a primary that begins a new history`() throws {
    try withLab(relayed: true) { lab in
      let client = try lab.connect()
      for round in 0..<3 {
        try expectEqual(try client.call("SET", "key", "\(round)"), .simple("OK"))
        try expectEqual(try lab.primary.call("DEBUG", "CHANGE-REPL-ID"), .simple("OK"))
        try expectEqual(try client.call("GET", "key"), .bulk("\(round)"))
        for relay in lab.redis.relays { relay.cut() }
        try lab.redis.waitUntilLinked()
        try eventually("the key is read from a replica") {
          try lab.redis.calls(of: "get") {
            try expectEqual(try client.call("GET", "key"), .bulk("\(round)"))
          }[0] == 0
        }
      }
    }
  }

  /// "None when nobody writes": heartbeats are all that an idle or reading ambassador asks.
  @Test func `reads alone ask for no proofs`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      try eventually("what was written to find out who serves is proven everywhere") {
        try lab.redis.calls(of: "get") {
          for _ in 0..<20 { try expectEqual(try client.call("GET", "redis-amb:probe"), .nullBulk) }
        }[0] == 0
      }
      let start = ContinuousClock.now
      let asked = try lab.redis.calls(of: "info") {
        for _ in 0..<3000 { try expectEqual(try client.call("GET", "key"), .bulk("value")) }
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      // A heartbeat a second, our own two questions, and one that may be under way.
      try check(asked.allSatisfy { $0 <= Int(seconds) + 8 }, "\(asked) INFO in \(seconds) s")
    }
  }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }
  func set() { value.store(true, ordering: .sequentiallyConsistent) }
}
