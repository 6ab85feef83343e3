import Glibc
import Synchronization
import TestSupport
import Testing

/// Other nodes under a running load: nobody notices.
@Suite(.throughTheAmbassador, .serialized)
struct ReloadTests {
  @Test func `to another primary and back under load: no error, no request lost, none twice, all in order`() throws {
    let (one, two) = (try RedisGroup(replicas: 1), try RedisGroup(replicas: 1))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      let load = Appenders(lab.ambassador)
      try load.goOn()
      for round in 0..<4 {
        try lab.reload(ReloadLab.following(round % 2 == 0 ? two : one))
        try load.goOn()
      }
      try load.finish(on: [one.primary, two.primary])
      try check(try two.primary.calls(of: "rpush") > 0, "nothing was written to the other primary")
    }
  }

  @Test func `ten reloads a second do no harm`() throws {
    let (one, two) = (try RedisGroup(replicas: 1), try RedisGroup(replicas: 0))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      let load = Appenders(lab.ambassador)
      try load.goOn()
      for round in 0..<30 {
        try lab.replace(ReloadLab.following(round % 2 == 0 ? two : one))
        lab.ambassador.signal(SIGHUP)
        pause(.milliseconds(100))
      }
      try eventually("the last one is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      try load.goOn()
      try load.finish(on: [one.primary, two.primary])
    }
  }

  @Test func `a transaction that is open goes on where it began, and the client after it with the others`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      let client = try lab.ambassador.connect()
      let watcher = try lab.ambassador.connect()
      try expectEqual(try client.call("MULTI"), .simple("OK"))
      try expectEqual(try client.call("SET", "a", "1"), .simple("QUEUED"))
      try expectEqual(try watcher.call("WATCH", "a"), .simple("OK"))
      try lab.reload(ReloadLab.following(two))
      try expectEqual(try client.call("SET", "b", "2"), .simple("QUEUED"))
      try expectEqual(try client.call("EXEC"), .array([.simple("OK"), .simple("OK")]))
      try expectEqual(try client.call("SET", "c", "3"), .simple("OK"))
      try expectEqual(try one.primary.call("MGET", "a", "b", "c"), .array([.bulk("1"), .bulk("2"), .nullBulk]))
      try expectEqual(try two.primary.call("MGET", "a", "b", "c"), .array([.nullBulk, .nullBulk, .bulk("3")]))
      // Somebody has changed what it watches.
      try expectEqual(
        try watcher.pipeline([["MULTI"], ["SET", "d", "4"], ["EXEC"]]),
        [.simple("OK"), .simple("QUEUED"), .nullArray])
      try expectEqual(try watcher.call("SET", "e", "5"), .simple("OK"))
      try expectEqual(try two.primary.call("GET", "e"), .bulk("5"))
    }
  }

  @Test func `past reload.drain a transaction is discarded, and its client says so at EXEC`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    let drain = "reload: {drain: 200ms}\n"
    try ReloadLab.with(ReloadLab.following(one, drain)) { lab in
      let client = try lab.ambassador.connect()
      _ = try client.pipeline([["MULTI"], ["SET", "a", "1"]])
      try lab.reload(ReloadLab.following(two, drain))
      try eventually("it has ended") { lab.ambassador.log.contains("what was begun before is finished") }
      let reply = try client.call("EXEC")
      guard case .error(let text) = reply, text.hasPrefix("EXECABORT") else { throw Failure("got \(reply)") }
      try expectEqual(try client.call("SET", "a", "2"), .simple("OK"))
      try expectEqual(try one.primary.call("EXISTS", "a"), .integer(0))
      try expectEqual(try two.primary.call("GET", "a"), .bulk("2"))
    }
  }

  @Test func `a blocked client is served where it waits, and waits elsewhere when reload.drain is over`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    let drain = "reload: {drain: 1s}\n"
    try ReloadLab.with(ReloadLab.following(one, drain)) { lab in
      let (first, second, third) = (
        try lab.ambassador.connect(), try lab.ambassador.connect(), try lab.ambassador.connect()
      )
      try first.send(Request.bytes(["BLPOP", "early", "0"]))
      try second.send(Request.bytes(["BLPOP", "late", "0"]))
      try third.send(Request.bytes(["XREAD", "BLOCK", "0", "STREAMS", "stream", "$"]))
      try eventually("three wait") { try one.primary.info("clients")["blocked_clients"] == "3" }
      try lab.reload(ReloadLab.following(two, drain))
      try one.primary.call("RPUSH", "early", "from one")
      try expectEqual(try first.reply().value, .array([.bulk("early"), .bulk("from one")]))
      try eventually("two wait elsewhere") { try two.primary.info("clients")["blocked_clients"] == "2" }
      try one.primary.call("RPUSH", "late", "too late")
      let other = try lab.ambassador.connect()
      try expectEqual(try other.call("RPUSH", "late", "from two"), .integer(1))
      try expectEqual(try second.reply().value, .array([.bulk("late"), .bulk("from two")]))
      try other.call("XADD", "stream", "*", "field", "value")
      guard case .array(let streams) = try third.reply().value, streams.count == 1 else { throw Failure("no stream") }
      try expectEqual(try one.primary.call("LLEN", "late"), .integer(1), "nothing is swallowed")
      try expectEqual(try second.call("SET", "after", "1"), .simple("OK"))
    }
  }

  @Test func `from a static topology to Sentinel and back under load`() throws {
    let group = try SentinelGroup()
    let sentinel = "topology: {sentinel: {addresses: [\(group.sentinels[0].address)]}}\n"
    try ReloadLab.with(ReloadLab.following(group.redis)) { lab in
      let load = Appenders(lab.ambassador)
      try load.goOn()
      for configuration in [sentinel, ReloadLab.following(group.redis), sentinel] {
        try lab.reload(configuration)
        try load.goOn()
      }
      try load.finish(on: [group.redis.primary])
      // The nodes are the same, so nothing had to be opened.
      try check(lab.ambassador.log.contains("kept, 0 opened, 0 draining"), "connections were opened")
      // And Sentinel counts from now on.
      let old = group.redis.primary
      try group.sentinels[0].call("SENTINEL", "FAILOVER", "mymaster")
      let new = try group.waitForSwitch(from: old)
      let client = try lab.ambassador.connect()
      try eventually("writes go to the promoted one") {
        try client.call("SET", "after", "1") == .simple("OK") && new.call("EXISTS", "after") == .integer(1)
      }
    }
  }

  @Test func `from eventual reads to reading one's writes, those of before the reload included`() throws {
    let group = try RedisGroup(replicas: 1, relayed: true)
    func configuration(_ consistency: String) -> String {
      ReloadLab.following(group, "threads: 2\nreads: {consistency: \(consistency)}\n")
    }
    try ReloadLab.with(configuration("eventual")) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: true)
      let clients = try (0..<4).map { _ in try lab.ambassador.connect() }
      // Both threads have the replica.
      try eventually("all are served by the replica") {
        try group.calls(of: "get") { for client in clients { try client.call("GET", "other") } }[1] == 4
      }
      group.relays[0].hold()
      try expectEqual(try clients[0].call("SET", "key", "new"), .simple("OK"))
      for client in clients { try expectEqual(try client.call("GET", "key"), .nullBulk, "eventual") }
      try lab.reload(configuration("read-your-writes"))
      for client in clients { try expectEqual(try client.call("GET", "key"), .bulk("new"), "read-your-writes") }
      try expectEqual(try clients[1].call("SET", "key", "newer"), .simple("OK"))
      for client in clients { try expectEqual(try client.call("GET", "key"), .bulk("newer"), "after another write") }
      try lab.reload(configuration("eventual"))
      for client in clients { try expectEqual(try client.call("GET", "key"), .nullBulk, "eventual again") }
      try lab.reload(configuration("read-your-writes"))
      for client in clients { try expectEqual(try client.call("GET", "key"), .bulk("newer"), "and back") }
      // When the replica has it all, it is read again.
      group.relays[0].release()
      try eventually("the replica is read") {
        try group.calls(of: "get") { for client in clients { _ = try client.call("GET", "key") } }[1] == 4
      }
    }
  }

  private final class Traffic: Sendable {
    let sent = Atomic(0)
    let read = Atomic(0)
  }

  static let endlessly = [
    [["GET", "key"]], [["SET", "key", "value"], ["GET", "key"]], [["MULTI"], ["SET", "key", "value"], ["EXEC"]],
  ]

  @Test(arguments: endlessly) func `a client that never waits for all its replies moves as well`(
    _ commands: [[String]]
  ) throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      // One thread sends whatever the other has read, so that something is always under way.
      let client = try lab.ambassador.connect()
      let traffic = Traffic()
      let load = Crew(2) { index, shift in
        let batch = Request.bytes(pipeline: Array(repeating: commands, count: 32).flatMap { $0 })
        while !shift.isOver
          || index == 1 && traffic.read.load(ordering: .relaxed) < traffic.sent.load(ordering: .relaxed)
        {
          if index == 0 {
            while traffic.sent.load(ordering: .relaxed) - traffic.read.load(ordering: .relaxed) > 20, !shift.isOver {
              sched_yield()
            }
            try client.send(batch)
            traffic.sent.add(1, ordering: .relaxed)
          } else if traffic.read.load(ordering: .relaxed) < traffic.sent.load(ordering: .relaxed) {
            for reply in try client.replies(32 * commands.count) where reply.isError { throw Failure("got \(reply)") }
            traffic.read.add(1, ordering: .relaxed)
          } else {
            sched_yield()
          }
        }
      }
      func isServed(by node: RedisServer) throws -> Bool {
        let before = try node.calls(of: commands.count == 1 ? "get" : "set")
        pause(.milliseconds(50))
        if let error = load.errors.first { throw error }
        return try node.calls(of: commands.count == 1 ? "get" : "set") > before + 10
      }
      try eventually("it is served by one") { try isServed(by: one.primary) }
      try lab.reload(ReloadLab.following(two))
      try eventually("it is served by two, and by one no more") {
        try isServed(by: two.primary) && !isServed(by: one.primary)
      }
      try load.stop()
    }
  }

  @Test func `what comes behind unanswered requests waits for them, and goes where the others go`() throws {
    // With replicas and without fences a read may follow any other, so that only the order of requests holds it back.
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 1))
    let eventual = "reads: {consistency: eventual}\n"
    for (group, name) in [(one, "one"), (two, "two")] { try group.seed([["SET", "who", name]]) }
    try ReloadLab.with(ReloadLab.following(one, eventual)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: false)
      let (writer, transactor) = (try lab.ambassador.connect(), try lab.ambassador.connect())
      _ = try transactor.pipeline([["MULTI"], ["SET", "transacted", "1"]])
      one.primary.freeze()
      try writer.send(Request.bytes(["SET", "written", "1"]))
      try transactor.send(Request.bytes(["EXEC"]))
      try eventually("both are under way") { try lab.status(contains: "\"in_flight\":2,") }
      try lab.reload(ReloadLab.following(two, eventual))
      try writer.send(Request.bytes(pipeline: [["GET", "who"], ["SET", "behind:write", "1"]]))
      try transactor.send(Request.bytes(pipeline: [["SET", "behind:exec", "1"], ["GET", "who"]]))
      // Long enough for them to be sent where they must not go.
      pause(.milliseconds(100))
      one.primary.thaw()
      try expectEqual(try writer.replies(3), [.simple("OK"), .bulk("two"), .simple("OK")])
      try expectEqual(try transactor.replies(3), [.array([.simple("OK")]), .simple("OK"), .bulk("two")])
      for (node, count) in [(one.primary, 0), (two.primary, 2)] {
        try expectEqual(try node.call("EXISTS", "behind:write", "behind:exec"), .integer(count))
      }
      try expectEqual(try one.primary.call("EXISTS", "written", "transacted"), .integer(2))
    }
  }

  @Test func `subscribers hear what is published at the new primary, on the connections that they have`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      let subscribers = try (0..<100).map { index in
        let client = try lab.ambassador.connect()
        if index % 2 == 1 { try client.call("HELLO", "3") }
        try client.call("SUBSCRIBE", "news")
        return client
      }
      try lab.reload(ReloadLab.following(two))
      try eventually("all are subscribed at the new primary") {
        try two.primary.call("PUBSUB", "NUMSUB", "news") == .array([.bulk("news"), .integer(100)])
      }
      try expectEqual(try lab.ambassador.connect().call("PUBLISH", "news", "hello"), .integer(100))
      for subscriber in subscribers {
        let words: [RESPValue] = [.bulk("message"), .bulk("news"), .bulk("hello")]
        let heard = try subscriber.reply().value
        try check(heard == .array(words) || heard == .push(words), "got \(heard)")
      }
    }
  }
}
