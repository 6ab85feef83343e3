import TestSupport
import Testing

/// CLIENT PAUSE and UNPAUSE: what the server lets wait stands in nobody's way.
struct ClientPauseTests {
  /// Asks what a pause of writes does not concern, from several connections so that all threads are asked; says how long
  /// the slowest answer took.
  private func slowestAnswer(_ lab: Lab) throws -> Duration {
    var slowest = Duration.zero
    for _ in 0..<4 {
      let client = try lab.connect()
      for command in [["GET", "key"], ["DBSIZE"], ["EXISTS", "key"], ["INFO", "server"]] {
        let start = ContinuousClock.now
        try check(!(try client.call(command)).isError, "\(command)")
        slowest = max(slowest, ContinuousClock.now - start)
      }
    }
    return slowest
  }

  @Test(arguments: [1, 2])
  func `a pause of writes holds up nobody else, and UNPAUSE ends it at once`(threads: Int) throws {
    try withLab(replicas: 0, flags: ["--threads", "\(threads)"]) { lab in
      let writers = try (0..<4).map { _ in try lab.connect() }
      for writer in writers { try writer.call("SET", "key", "1") }
      try expectEqual(try lab.connect().call("CLIENT", "PAUSE", "30000", "WRITE"), .simple("OK"))
      for (index, writer) in writers.enumerated() {
        try writer.send(Request.bytes(pipeline: [["DBSIZE"], ["INCR", "count:\(index)"], ["DBSIZE"]]))
        try expectEqual(try writer.reply().value, .integer(1))
      }
      let took = try slowestAnswer(lab)
      try check(took < .seconds(2), "it took \(took)")
      if let ambassador = try? lab.ambassador {
        let explained = "\(try RESPClient(unixPath: ambassador.controlSocket).call("EXPLAIN", "SET", "key", "2"))"
        try check(explained.contains("it waits, a client has paused writes"), explained)
      }
      try expectEqual(try lab.primary.call("EXISTS", "count:0", "count:1", "count:2", "count:3"), .integer(0))
      try expectEqual(try lab.connect().call("CLIENT", "UNPAUSE"), .simple("OK"))
      for writer in writers { try expectEqual(try writer.replies(2)[0], .integer(1)) }
      try expectEqual(try lab.primary.call("MGET", "count:0", "count:3"), .array([.bulk("1"), .bulk("1")]))
    }
  }

  @Test(arguments: ["WRITE", "ALL"])
  func `a pause longer than the patience with a silent node ends with OK`(mode: String) throws {
    try withLab(replicas: 0, flags: ["--upstream-timeout", "100ms", "--threads", "2"]) { lab in
      let writers = try (0..<4).map { _ in try lab.connect() }
      for writer in writers { try writer.call("SET", "key", "1") }
      let (session, streamer) = (try lab.connect(), try lab.connect())
      try session.call("WATCH", "watched")
      let start = ContinuousClock.now
      try expectEqual(try lab.connect().call("CLIENT", "PAUSE", "2500", mode), .simple("OK"))
      // At once, some may be sent before their thread has heard of it.
      for writer in writers { try writer.send(Request.bytes(["INCR", "count"])) }
      try session.send(Request.bytes(["INCR", "count"]))
      try streamer.send(Request.bytes(["SET", "long", String(repeating: "x", count: 2_000_000)]))
      var sum = 0
      for client in writers + [session] {
        guard case .integer(let count) = try client.reply().value else { throw Failure("no count") }
        sum += count
      }
      try expectEqual(try streamer.reply().value, .simple("OK"))
      try expectEqual(sum, 1 + 2 + 3 + 4 + 5)
      let took = ContinuousClock.now - start
      try check(took > .seconds(2.4), "it took only \(took)")
      try expectEqual(try lab.primary.call("GET", "count"), .bulk("5"))
    }
  }

  @Test func `a shorter pause does not end a longer one, and what the server refuses is none`() throws {
    try withLab(replicas: 0) { lab in
      let (client, writer) = (try lab.connect(), try lab.connect())
      for wrong in [["-1", "WRITE"], ["5", "x"], ["1.5"], ["99999999999999999999", "WRITE"]] {
        try check(try client.call(["CLIENT", "PAUSE"] + wrong).isError, "\(wrong)")
      }
      let start = ContinuousClock.now
      try expectEqual(try client.call("CLIENT", "PAUSE", "1000", "WRITE"), .simple("OK"))
      try expectEqual(try client.call("CLIENT", "PAUSE", "10", "WRITE"), .simple("OK"))
      try expectEqual(try writer.call("SET", "key", "1"), .simple("OK"))
      let took = ContinuousClock.now - start
      try check(took > .seconds(0.9), "it took only \(took)")
    }
  }

  @Test func `a pause that a transaction asks for begins with EXEC`() throws {
    try withLab(replicas: 0) { lab in
      let (client, writer) = (try lab.connect(), try lab.connect())
      _ = try client.pipeline([["MULTI"], ["CLIENT", "PAUSE", "30000", "WRITE"]])
      try expectEqual(try writer.call("SET", "key", "1"), .simple("OK"))
      try expectEqual(try client.call("EXEC"), .array([.simple("OK")]))
      try writer.send(Request.bytes(["SET", "key", "2"]))
      try expectEqual(try client.call("GET", "key"), .bulk("1"))
      try expectEqual(try client.call("CLIENT", "UNPAUSE"), .simple("OK"))
      try expectEqual(try writer.reply().value, .simple("OK"))
    }
  }

  /// The pause is a process's own: the next primary knows nothing of it.
  @Test(.throughTheAmbassador)
  func `a pause ends with the process that was asked for it`() throws {
    try withLab(replicas: 0, flags: ["--failover-hold", "20s"]) { lab in
      let (client, writer) = (try lab.connect(), try lab.connect())
      try expectEqual(try client.call("CLIENT", "PAUSE", "600000", "WRITE"), .simple("OK"))
      try writer.send(Request.bytes(["SET", "key", "1"]))
      lab.primary.kill()
      try lab.primary.start()
      try expectEqual(try writer.reply().value, .simple("OK"))
    }
  }
}
