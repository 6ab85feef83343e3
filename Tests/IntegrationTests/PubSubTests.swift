import TestSupport
import Testing

/// Publishers and subscribers through the ambassador.
struct PubSubTests {
  private static func message(_ channel: String, _ payload: String, _ version: Int) -> RESPValue {
    let items: [RESPValue] = [.bulk("message"), .bulk(channel), .bulk(payload)]
    return version == 3 ? .push(items) : .array(items)
  }

  private func subscribe(_ lab: Lab, _ version: Int, _ command: String...) throws -> RESPClient {
    let client = try lab.connect()
    try client.call("HELLO", "\(version)")
    try client.send(Request.bytes(command))
    for _ in command.dropFirst() { _ = try client.reply() }
    return client
  }

  @Test(arguments: [2, 3])
  func `messages reach every subscriber, once and in order`(version: Int) throws {
    try withLab { lab in
      let subscribers = try (0..<20).map { _ in try subscribe(lab, version, "SUBSCRIBE", "news", "other") }
      let publisher = try lab.connect()
      for number in 0..<50 { try expectEqual(try publisher.call("PUBLISH", "news", "\(number)"), .integer(20)) }
      for subscriber in subscribers {
        for number in 0..<50 {
          try expectEqual(try subscriber.reply().value, Self.message("news", "\(number)", version))
        }
      }
      try expectEqual(try publisher.call("PUBSUB", "NUMSUB", "news"), .array([.bulk("news"), .integer(20)]))
      try expectEqual(try publisher.call("PUBSUB", "CHANNELS", "n*"), .array([.bulk("news")]))
    }
  }

  @Test func `a RESP3 subscriber goes on with commands of every kind`() throws {
    try withLab { lab in
      let client = try subscribe(lab, 3, "SUBSCRIBE", "news")
      try expectEqual(try client.call("SET", "key", "1"), .simple("OK"))
      try expectEqual(try client.pipeline([["MULTI"], ["INCR", "key"], ["EXEC"]]).last, .array([.integer(2)]))
      try client.send(Request.bytes(["PUBLISH", "news", "to myself"]))
      var seen = [try client.reply().value, try client.reply().value]
      seen.sort { "\($0)" < "\($1)" }
      try expectEqual(seen, [.integer(1), Self.message("news", "to myself", 3)])
      try client.send(Request.bytes(["BLPOP", "list", "0"]))
      let other = try lab.connect()
      try eventually("it is blocked") { try lab.primary.info("clients")["blocked_clients"] == "1" }
      try other.call("PUBLISH", "news", "while blocked")
      try expectEqual(try client.reply().value, Self.message("news", "while blocked", 3))
      try other.call("RPUSH", "list", "x")
      try expectEqual(try client.reply().value, .array([.bulk("list"), .bulk("x")]))
      try expectEqual(
        try client.call("UNSUBSCRIBE", "news"), .push([.bulk("unsubscribe"), .bulk("news"), .integer(0)]))
      try other.call("PUBLISH", "news", "for nobody")
      try expectEqual(try client.call("GET", "key"), .bulk("2"))
    }
  }

  @Test(arguments: [2, 3])
  func `who has left gets nothing any more, nor does the next one on that upstream`(version: Int) throws {
    try withLab(replicas: 0) { lab in
      let publisher = try lab.connect()
      let noise = Crew(1) { _, shift in while !shift.isOver { try publisher.call("PUBLISH", "news", "x") } }
      for _ in 0..<100 {
        let client = try subscribe(lab, version, "SUBSCRIBE", "news")
        try client.send(Request.bytes(["UNSUBSCRIBE"]))
        while try client.reply().value.elements?.first != .bulk("unsubscribe") {}
        try expectEqual(try client.call("ECHO", "quiet"), .bulk("quiet"))
        let next = try lab.connect()
        try expectEqual(
          try next.pipeline([["MULTI"], ["PING"], ["EXEC"]]),
          [.simple("OK"), .simple("QUEUED"), .array([.simple("PONG")])])
      }
      try noise.stop()
    }
  }

  @Test(.throughTheAmbassador, arguments: [2, 3])
  func `subscriptions survive the loss of their upstream, unnoticed`(version: Int) throws {
    try withLab { lab in
      let client = try subscribe(lab, version, "SUBSCRIBE", "a", "b", "left")
      try client.send(Request.bytes(pipeline: [["PSUBSCRIBE", "p*"], ["SSUBSCRIBE", "s"], ["UNSUBSCRIBE", "left"]]))
      for _ in 0..<3 { _ = try client.reply() }
      let publisher = try lab.connect()
      for round in 0..<3 {
        try expectEqual(
          try lab.primary.call("CLIENT", "KILL", "TYPE", "pubsub").isError, false, "round \(round)")
        try eventually("subscribed again") {
          try publisher.call("PUBSUB", "NUMSUB", "a", "b", "left")
            == .array([.bulk("a"), .integer(1), .bulk("b"), .integer(1), .bulk("left"), .integer(0)])
            && publisher.call("PUBSUB", "NUMPAT") == .integer(1)
            && publisher.call("PUBSUB", "SHARDNUMSUB", "s") == .array([.bulk("s"), .integer(1)])
        }
        try publisher.call("PUBLISH", "b", "\(round)")
        try expectEqual(try client.reply().value, Self.message("b", "\(round)", version))
      }
      try check(lab.service.report.contains("taken up again"), "it is not told")
      try expectEqual(
        try client.call("PING"), version == 3 ? .simple("PONG") : .array([.bulk("pong"), .bulk("")]))
    }
  }

  @Test(.throughTheAmbassador)
  func `subscriptions wait for a primary that is away, and so does what is asked of them`() throws {
    try withLab { lab in
      let clients = try (0..<20).map { _ in try subscribe(lab, 2, "SUBSCRIBE", "news") }
      lab.primary.kill()
      try eventually("the loss is noticed") { try lab.service.call("SET", "x", "y").isError }
      try clients[0].send(Request.bytes(pipeline: [["SUBSCRIBE", "more"], ["PING"], ["UNSUBSCRIBE", "news"]]))
      try lab.primary.start()
      try eventually("all are subscribed again") {
        try lab.primary.call("PUBSUB", "NUMSUB", "news", "more")
          == .array([.bulk("news"), .integer(19), .bulk("more"), .integer(1)])
      }
      try expectEqual(try clients[0].reply().value, .array([.bulk("subscribe"), .bulk("more"), .integer(2)]))
      try expectEqual(try clients[0].reply().value, .array([.bulk("pong"), .bulk("")]))
      try expectEqual(try clients[0].reply().value, .array([.bulk("unsubscribe"), .bulk("news"), .integer(1)]))
      try lab.primary.call("PUBLISH", "news", "again")
      for client in clients.dropFirst() { try expectEqual(try client.reply().value, Self.message("news", "again", 2)) }
    }
  }

  @Test(.throughTheAmbassador)
  func `a subscriber that does not read is closed, and costs the others nothing`() throws {
    try withLab(replicas: 0, flags: ["--limits-client-output", "1MiB"]) { lab in
      let slow = try lab.connect(receiveBuffer: 4096)
      try slow.call("SUBSCRIBE", "news")
      let quick = try subscribe(lab, 2, "SUBSCRIBE", "news")
      let publisher = try lab.connect()
      let payload = String(repeating: "x", count: 100_000)
      var subscribers = RESPValue.integer(2)
      var sent = 0
      while subscribers == .integer(2), sent < 400 {
        subscribers = try publisher.call("PUBLISH", "news", payload)
        try expectEqual(try quick.reply().value, Self.message("news", payload, 2))
        sent += 1
      }
      try expectEqual(subscribers, .integer(1))
      try expectEqual(try publisher.call("PUBLISH", "news", "end"), .integer(1))
      try expectEqual(try quick.reply().value, Self.message("news", "end", 2))
      try check(lab.service.report.contains("does not read"), "it is not told")
    }
  }

  /// redis-server 7.0 writes them between the elements of the reply that it is just making, where they count as none.
  @Test func `a RESP3 subscriber's own messages come within replies, as from the server`() throws {
    try withLab { lab in
      let settings = ["CONFIG", "SET", "notify-keyspace-events", "KEAmn"]
      try expectEqual(try lab.primary.call(settings), .simple("OK"))
      func event(_ name: String) -> String { "__keyevent@0__:\(name)" }
      let sessions: [[[String]]] = [
        [["SUBSCRIBE", "c"], ["MULTI"], ["PUBLISH", "c", "x"], ["SET", "k", "1"], ["EXEC"], ["GET", "k"]],
        [["PSUBSCRIBE", "c*"], ["MULTI"], ["EVAL", "return redis.call('PUBLISH', 'cc', 'x')", "0"], ["EXEC"]],
        [["SSUBSCRIBE", "c"], ["MULTI"], ["GET", "k"], ["SPUBLISH", "c", "x"], ["SPUBLISH", "c", "y"], ["EXEC"]],
        [["SUBSCRIBE", event("set")], ["MULTI"], ["SET", "k", "1"], ["GET", "k"], ["EXEC"]],
        [["SUBSCRIBE", event("keymiss")], ["SET", "k", "1"], ["MGET", "missing", "k"], ["GET", "k"]],
        [
          ["SUBSCRIBE", event("zpopmin")], ["ZADD", "z", "1", "a", "2", "b"], ["ZPOPMIN", "z"], ["BZPOPMIN", "z", "0"],
        ],
        [["MULTI"], ["SUBSCRIBE", "c"], ["PUBLISH", "c", "x"], ["UNSUBSCRIBE", "c"], ["GET", "k"], ["EXEC"]],
        [["CLIENT", "TRACKING", "ON"], ["GET", "k"], ["MULTI"], ["SET", "k", "2"], ["GET", "k"], ["EXEC"]],
      ]
      for session in sessions {
        func answer(_ client: RESPClient) throws -> String {
          try client.call("FLUSHALL")
          try client.call("HELLO", "3")
          for words in session { try client.send(Request.bytes(words)) }
          try client.send(Request.bytes(["ECHO", "end"]) + Request.bytes(["QUIT"]))
          return try client.bytesUntilClosed().printable
        }
        let expected = try answer(lab.primary.connect())
        try expectEqual(try answer(lab.connect()), expected)
      }
    }
  }

  @Test func `a message of many megabytes and thousands of channels pass`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      let channels = (0..<5000).map { "channel:with:a:name:\($0)" }
      try client.send(Request.bytes(["SUBSCRIBE"] + channels))
      for (index, channel) in channels.enumerated() {
        try expectEqual(try client.reply().value, .array([.bulk("subscribe"), .bulk(channel), .integer(index + 1)]))
      }
      let publisher = try lab.connect()
      let payload = String(repeating: "y", count: 8 << 20)
      try expectEqual(try publisher.call("PUBLISH", channels[4999], payload), .integer(1))
      try expectEqual(try client.reply().value, Self.message(channels[4999], payload, 2))
    }
  }
}
