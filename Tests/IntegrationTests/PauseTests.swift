import TestSupport
import Testing

/// PAUSE, RESUME and DRAIN of the control socket.
@Suite(.throughTheAmbassador)
struct PauseTests {
  private func control(_ lab: Lab) throws -> RESPClient { try RESPClient(unixPath: lab.ambassador.controlSocket) }

  @Test(arguments: [1, 2])
  func `writes wait while it lasts and go on in order, reads of replicas never wait`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)", "--failover-hold", "100ms"]) { lab in
      let control = try control(lab)
      let reader = try lab.connect()
      let writers = try (0..<10).map { _ in try lab.connect() }
      for writer in writers { try writer.call("PING") }
      let before = try lab.primary.calls(of: "incr")
      try expectEqual(try control.call("PAUSE"), .simple("OK writes wait until RESUME; nothing is in flight"))
      for writer in writers {
        try writer.send(Request.bytes(pipeline: [["INCR", "count"], ["APPEND", "log", "x"], ["INCR", "count"]]))
      }
      for _ in 0..<100 { try expectEqual(try reader.call("GET", "unwritten"), .nullBulk) }
      try eventually("all wait") { "\(try control.call("STATUS"))".contains("10 clients waiting") }
      // Longer than failover.hold: nobody is refused for it.
      try eventually("a second pause is told") { try control.call("PAUSE").text?.hasPrefix("OK") == true }
      try expectEqual(try lab.primary.calls(of: "incr"), before)
      try check(try control.call("RESUME").text?.hasPrefix("OK writes go on") == true, "RESUME")
      for writer in writers {
        let replies = try writer.replies(3)
        guard case .integer(let first) = replies[0], case .integer(let last) = replies[2], last > first else {
          throw Failure("\(replies)")
        }
      }
      try expectEqual(try reader.call("GET", "count"), .bulk("20"))
      try expectEqual(try control.call("RESUME"), .simple("OK nothing was paused"))
    }
  }

  @Test func `a pause ends by itself after the time that it was given`() throws {
    try withLab(replicas: 0) { lab in
      let control = try control(lab)
      try control.call("PAUSE", "0.2")
      try expectEqual(try lab.connect().call("SET", "key", "1"), .simple("OK"))
      try check(!"\(try control.call("STATUS"))".contains("paused"), "it is over")
      for wrong in ["x", "0", "-1", "nan", "1e9"] { try check(try control.call("PAUSE", wrong).isError, wrong) }
      // A shorter time replaces a longer one.
      try control.call("PAUSE")
      try control.call("PAUSE", "0.1")
      try expectEqual(try lab.connect().call("SET", "key", "1"), .simple("OK"))
    }
  }

  @Test func `transactions that have begun are finished, others wait`() throws {
    try withLab(replicas: 1) { lab in
      let control = try control(lab)
      let begun = try lab.connect()
      try begun.call("MULTI")
      try begun.call("SET", "begun", "1")
      let blocked = try lab.connect()
      try blocked.send(Request.bytes(["BLPOP", "list", "0"]))
      try eventually("it blocks") {
        try lab.primary.connect().call("INFO", "clients").text?.contains("blocked_clients:1") == true
      }
      let said = try control.call("PAUSE").text ?? ""
      try check(said.contains("2 clients in transactions or blocking commands"), said)
      try expectEqual(try begun.call("SET", "begun too", "1"), .simple("QUEUED"))
      try expectEqual(try begun.call("EXEC"), .array([.simple("OK"), .simple("OK")]))
      let fresh = try lab.connect()
      try fresh.send(Request.bytes(pipeline: [["MULTI"], ["SET", "fresh", "1"], ["EXEC"]]))
      let subscriber = try lab.connect()
      try subscriber.call("HELLO", "3")
      try check(!(try subscriber.call("SUBSCRIBE", "channel")).isError, "SUBSCRIBE")
      try subscriber.send(Request.bytes(["SET", "subscriber", "1"]))
      let big = try lab.connect()
      try big.send(Request.bytes(["SET", "big", String(repeating: "x", count: 300_000)]))
      try eventually("they wait") { "\(try control.call("STATUS"))".contains("3 clients waiting") }
      try expectEqual(try lab.primary.connect().call("EXISTS", "begun", "fresh", "subscriber", "big"), .integer(1))
      try control.call("RESUME")
      try expectEqual(try fresh.replies(3), [.simple("OK"), .simple("QUEUED"), .array([.simple("OK")])])
      try expectEqual(try subscriber.reply().value, .simple("OK"))
      try expectEqual(try big.reply().value, .simple("OK"))
      try lab.primary.connect().call("RPUSH", "list", "x")
      try expectEqual(try blocked.reply().value, .array([.bulk("list"), .bulk("x")]))
    }
  }

  @Test func `a write waits also behind unanswered requests of the same client`() throws {
    try withLab(replicas: 0) { lab in
      let control = try control(lab)
      let writer = try lab.connect()
      try writer.call("PING")
      lab.primary.freeze()
      try writer.send(Request.bytes(["SET", "first", "1"]))
      try eventually("it is under way") {
        try control.call("STATUS", "JSON").text?.contains("\"in_flight\":1,") == true
      }
      try expectEqual(try control.call("PAUSE"), .simple("OK writes wait until RESUME; 1 request still in flight"))
      try writer.send(Request.bytes(["SET", "second", "1"]))
      pause(.milliseconds(100))
      lab.primary.thaw()
      try expectEqual(try writer.reply().value, .simple("OK"))
      try eventually("it waits") { "\(try control.call("STATUS"))".contains("1 client waiting") }
      try expectEqual(try lab.primary.call("EXISTS", "first", "second"), .integer(1))
      try control.call("RESUME")
      try expectEqual(try writer.reply().value, .simple("OK"))
    }
  }

  @Test func `a pause under load loses and doubles nothing`() throws {
    try withLab(flags: ["--threads", "2"]) { lab in
      let control = try control(lab)
      let writers = try (0..<8).map { _ in try lab.connect() }
      for round in 0..<20 {
        for writer in writers {
          try writer.send(Request.bytes(pipeline: Array(repeating: ["INCR", "count"], count: 100)))
        }
        try control.call("PAUSE")
        let first = try lab.primary.connect().call("GET", "count")
        let second = try lab.primary.connect().call("GET", "count")
        try expectEqual(first, second, "round \(round): it is written although it is paused")
        try control.call("RESUME")
        for writer in writers { for reply in try writer.replies(100) { try check(!reply.isError, "\(reply)") } }
      }
      try expectEqual(try lab.primary.connect().call("GET", "count"), .bulk("16000"))
    }
  }

  @Test func `more than may wait is refused, and says that it is a pause`() throws {
    try withLab(replicas: 0, flags: ["--failover-hold-bytes", "1KiB"]) { lab in
      let control = try control(lab)
      try control.call("PAUSE")
      let first = try lab.connect()
      try first.send(Request.bytes(["SET", "key", String(repeating: "x", count: 2000)]))
      try eventually("the next is refused") {
        try lab.connect(patience: .seconds(1)).call("SET", "other", "1").errorText?.hasPrefix(
          "AMBDOWN writes are paused") == true
      }
      try control.call("RESUME")
      try expectEqual(try first.reply().value, .simple("OK"))
    }
  }

  @Test func `the primary may be lost during a pause`() throws {
    try withLab(replicas: 0, flags: ["--failover-hold", "20s"]) { lab in
      let control = try control(lab)
      try control.call("PAUSE")
      let writer = try lab.connect()
      try writer.send(Request.bytes(["SET", "key", "1"]))
      lab.primary.kill()
      try eventually("it is noticed") { lab.service.report.contains("no primary") }
      try control.call("RESUME")
      try lab.primary.start()
      try expectEqual(try writer.reply().value, .simple("OK"))
    }
  }

  @Test func `DRAIN ends the process when its clients have finished`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address)
    let client = try ambassador.connect()
    try client.call("SET", "key", "1")
    let control = try RESPClient(unixPath: ambassador.controlSocket)
    try check(try control.call("DRAIN", "5").text?.hasPrefix("OK draining for at most 5s") == true, "DRAIN")
    _ = try client.bytesUntilClosed()
    _ = try control.bytesUntilClosed()
    try eventually("it ends") { !ambassador.isRunning }
    try expectEqual(ambassador.stop(), .code(0))
  }
}
