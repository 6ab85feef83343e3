import Synchronization
import TestSupport
import Testing

/// While there is no primary, requests that need one wait, and are answered when there is one again.
@Suite(.throughTheAmbassador)
struct HoldTests {
  @Test func `writes wait for the primary to come back, in order, and reads behind them too`() throws {
    try withLab(flags: ["--threads", "2"]) { lab in
      let clients = try (0..<20).map { _ in try lab.connect() }
      lab.primary.kill()
      try eventually("the primary is known to be gone") { lab.service.report.contains("no primary") }
      for (index, client) in clients.enumerated() {
        try client.send(
          Request.bytes(pipeline: [
            ["SET", "key:\(index)", "1"], ["INCR", "key:\(index)"], ["GET", "key:\(index)"], ["ECHO", "x"],
            ["APPEND", "log", "\(index),"],
          ]))
      }
      try lab.primary.start()
      for client in clients {
        try expectEqual(
          Array(try client.replies(5).prefix(4)), [.simple("OK"), .integer(2), .bulk("2"), .bulk("x")])
      }
      let log = try clients[0].call("GET", "log").text ?? ""
      try expectEqual(Set(log.split(separator: ",")).count, 20, log)
    }
  }

  /// The longer one is more than is kept: it passes through piece by piece, when there is somebody to pass it to.
  @Test(arguments: [300_000, 3_000_000])
  func `long writes wait as well, also within a transaction`(size: Int) throws {
    try withLab { lab in
      let value = String(repeating: "v", count: size)
      let (plain, other) = (try lab.connect(), try lab.connect())
      try expectEqual(try other.call("WATCH", "unrelated"), .simple("OK"))
      try expectEqual(try other.call("UNWATCH"), .simple("OK"))
      lab.primary.kill()
      try eventually("the primary is known to be gone") { lab.service.report.contains("no primary") }
      try plain.send(Request.bytes(pipeline: [["SET", "long", value], ["STRLEN", "long"]]))
      try other.send(Request.bytes(pipeline: [["MULTI"], ["SET", "queued", value], ["EXEC"]]))
      let next = try lab.connect()
      try next.send(Request.bytes(["SET", "short", "1"]))
      try lab.primary.start()
      try expectEqual(try plain.replies(2), [.simple("OK"), .integer(size)])
      try expectEqual(try other.replies(3), [.simple("OK"), .simple("QUEUED"), .array([.simple("OK")])])
      try expectEqual(try next.reply().value, .simple("OK"))
    }
  }

  /// They change nothing, so that the connection was lost is no reason to be told so.
  @Test func `what only the primary answers and only reads is asked again`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      lab.primary.freeze()
      try client.send(Request.bytes(pipeline: [["KEYS", "*"], ["DBSIZE"], ["OBJECT", "ENCODING", "none"]]))
      // On its way before the connection is lost.
      try eventually("it has left") { try lab.ambassador.status(contains: "\"in_flight\":3") }
      lab.primary.kill()
      try lab.primary.start()
      try expectEqual(try client.replies(3), [.array([]), .integer(0), .nullBulk])
    }
  }

  @Test func `nobody waits longer than was said, and later ones not at all`() throws {
    try withLab(flags: ["--failover-hold", "300ms"]) { lab in
      let client = try lab.connect()
      lab.primary.kill()
      try eventually("an error at last") { try client.call("SET", "key", "1").errorText?.hasPrefix("AMBDOWN") == true }
      for reply in try client.pipeline((0..<500).map { ["SET", "key:\($0)", "1"] }) {
        try check(reply.errorText?.hasPrefix("AMBDOWN") == true, "\(reply)")
      }
      try lab.primary.start()
      try eventually("writes work again") { try client.call("SET", "key", "2") == .simple("OK") }
    }
  }

  @Test func `more bytes than may be held are refused`() throws {
    try withLab(flags: ["--failover-hold", "30s", "--failover-hold-bytes", "10KiB"]) { lab in
      let first = try lab.connect()
      lab.primary.kill()
      try eventually("the primary is known to be gone") { lab.service.report.contains("no primary") }
      try first.send(Request.bytes(["SET", "key", String(repeating: "x", count: 20_000)]))
      try eventually("the second is refused") {
        // One that comes before the first is held as well.
        try lab.connect(patience: .seconds(1)).call("SET", "other", "x").errorText?.hasPrefix("AMBDOWN") == true
      }
      try lab.primary.start()
      try expectEqual(try first.reply().value, .simple("OK"))
    }
  }

  /// The server's own words prove that nothing was executed: it is asked again, once, and the order holds.
  @Test func `a primary that is made a replica and a primary again: no error, nothing twice, nothing lost`() throws {
    try withLab(replicas: 1) { lab in
      let counts = Mutex([Int](repeating: 0, count: 4))
      let service = lab.service
      let writers = Crew(4) { index, shift in
        let client = try service.connect(patience: .seconds(60))
        while !shift.isOver {
          let before = counts.withLock { $0[index] }
          let replies = try client.pipeline([
            ["INCR", "counter:\(index)"], ["GET", "counter:\(index)"], ["INCR", "counter:\(index)"], ["ECHO", "e"],
            ["GET", "counter:\(index)"],
          ])
          let (one, two) = (before + 1, before + 2)
          try expectEqual(replies, [.integer(one), .bulk("\(one)"), .integer(two), .bulk("e"), .bulk("\(two)")])
          counts.withLock { $0[index] += 2 }
        }
      }
      // It follows a relay that keeps everything back, so it keeps its data and is read-only meanwhile.
      let relay = try ReplicationRelay(to: lab.replicas[0].port)
      relay.hold()
      for _ in 0..<3 {
        let before = counts.withLock { $0.reduce(0, +) }
        try eventually("writes go on") {
          writers.errors.isEmpty == false || counts.withLock { $0.reduce(0, +) } > before + 200
        }
        try expectEqual(try lab.primary.call("REPLICAOF", "127.0.0.1", "\(relay.port)"), .simple("OK"))
        try eventually("a write was refused by it") {
          (try lab.primary.info("errorstats")["errorstat_READONLY"]) != nil
        }
        try expectEqual(try lab.primary.call("REPLICAOF", "NO", "ONE"), .simple("OK"))
      }
      let after = counts.withLock { $0.reduce(0, +) }
      try eventually("writes go on") { !writers.errors.isEmpty || counts.withLock { $0.reduce(0, +) } > after + 200 }
      try writers.stop()
      for index in 0..<4 {
        try expectEqual(try lab.primary.call("GET", "counter:\(index)"), .bulk("\(counts.withLock { $0[index] })"))
      }
    }
  }

  @Test func `a replica that refuses to answer is passed over`() throws {
    try withLab(options: ["--replica-serve-stale-data", "no"], relayed: true) { lab in
      let readers = try Bystanders(lab, clients: 4, echoes: false)
      try readers.goOn()
      for round in 0..<4 {
        let relay = lab.redis.relays[round % 2]
        relay.hold()
        relay.cut()
        try readers.goOn(300)
        relay.release()
        try lab.redis.waitUntilLinked()
      }
      try readers.stop()
      let refused = try lab.replicas.contains { try $0.info("errorstats")["errorstat_MASTERDOWN"] != nil }
      try check(refused, "no replica has refused anything: the test shows nothing")
    }
  }
}
