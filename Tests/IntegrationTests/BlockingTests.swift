import TestSupport
import Testing

/// Commands that wait at the server.
struct BlockingTests {
  private func blocked(_ lab: Lab) throws -> Int { Int(try lab.primary.info("clients")["blocked_clients"] ?? "") ?? -1 }

  @Test func `a hundred clients wait at once, each gets its own, and the others go on`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      let waiting = try (0..<100).map { index in
        let client = try lab.connect()
        try client.send(Request.bytes(pipeline: [["BLPOP", "list:\(index)", "0"], ["ECHO", "behind \(index)"]]))
        return client
      }
      try eventually("all are blocked") { try blocked(lab) == 100 }
      try bystanders.goOn(50)
      let pusher = try lab.connect()
      for index in (0..<100).reversed() { try pusher.call("RPUSH", "list:\(index)", "for \(index)") }
      for (index, client) in waiting.enumerated() {
        try expectEqual(try client.reply().value, .array([.bulk("list:\(index)"), .bulk("for \(index)")]))
        try expectEqual(try client.reply().value, .bulk("behind \(index)"))
      }
      try bystanders.stop()
    }
  }

  @Test func `a client that goes away frees its upstream and never swallows an element`() throws {
    try withLab { lab in
      for round in 0..<3 {
        let waiting = try (0..<40).map { index in
          let client = try lab.connect()
          // Some have more behind it, unread at the ambassador.
          let behind = index % 2 == 0 ? [["GET", "x"], ["SET", "never", "x"]] : []
          try client.send(Request.bytes(pipeline: [["BRPOP", "queue", "0"]] + behind))
          return client
        }
        try eventually("all are blocked") { try blocked(lab) == 40 }
        for (index, client) in waiting.enumerated() {
          if index % 4 == 3 { client.halfClose() } else if index % 2 == 0 { client.close() } else { client.abort() }
        }
        try eventually("none is blocked any more, round \(round)") { try blocked(lab) == 0 }
        let client = try lab.connect()
        try client.call("RPUSH", "queue", "a", "b")
        try expectEqual(try lab.primary.call("LRANGE", "queue", "0", "-1"), .array([.bulk("a"), .bulk("b")]))
        try expectEqual(try client.call("EXISTS", "never"), .integer(0))
        try client.call("DEL", "queue")
      }
    }
  }

  /// Even one that goes at once, or behind more than is read while it blocks.
  @Test(arguments: [0, 40_000], [2, 3])
  func `an element that is pushed when a client has just gone is nobody's`(behind: Int, version: Int) throws {
    try withLab { lab in
      let other = try lab.connect()
      try other.call("HELLO", "\(version)")
      try other.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
      let requests: [[String]] = [
        ["BLPOP", "queue", "0"], ["BLMOVE", "queue", "elsewhere", "LEFT", "LEFT", "0"], ["BZPOPMIN", "sorted", "0"],
        ["XREADGROUP", "GROUP", "g", "me", "BLOCK", "0", "STREAMS", "s", ">"],
      ]
      for (round, request) in (0..<3).flatMap({ _ in requests }).enumerated() {
        let client = try lab.connect()
        try client.call("HELLO", "\(version)")
        try client.send(Request.bytes(request) + (0..<behind).flatMap { _ in Request.bytes(["GET", "absent-key"]) })
        try eventually("it is blocked, round \(round)") { try blocked(lab) == 1 }
        client.halfClose()
        // On a busy machine the kernel may deliver the end after what another connection sends later.
        try eventually("its end has arrived") { client.isEndAcknowledged }
        if round % 2 == 0 { client.close() }
        if behind > 0 { try eventually("it is seen to have gone") { try blocked(lab) == 0 } }
        let replies = try other.pipeline([
          ["RPUSH", "queue", "a"], ["ZADD", "sorted", "1", "a"], ["XADD", "s", "*", "f", "v"],
          ["LLEN", "queue"], ["ZCARD", "sorted"], ["EXISTS", "elsewhere"], ["XPENDING", "s", "g"],
        ])
        try expectEqual(
          Array(replies[3...]),
          [
            .integer(1), .integer(1), .integer(0),
            .array([.integer(0)] + (version == 3 ? [.null, .null, .null] : [.nullBulk, .nullBulk, .nullArray])),
          ], "\(request), round \(round)")
        try other.call("DEL", "queue", "sorted")
        try other.call("XGROUP", "SETID", "s", "g", "$")
      }
    }
  }

  @Test func `an answer that is there at once reaches a client that sends no more`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try client.send(Request.bytes(pipeline: [["RPUSH", "list", "x"], ["BLPOP", "list", "0"]]))
      client.halfClose()
      let bytes = try client.bytesUntilClosed()
      try expectEqual(bytes.printable, Array(":1\r\n*2\r\n$4\r\nlist\r\n$1\r\nx\r\n".utf8).printable)
      // And what is behind it, little or much.
      for count in [1, 1000, 60_000] {
        let client = try lab.connect()
        let behind = (0..<count).flatMap { _ in Request.bytes(["ECHO", "behind"]) }
        try client.send(Request.bytes(pipeline: [["RPUSH", "list", "x"], ["BLPOP", "list", "0"]]) + behind)
        client.halfClose()
        try expectEqual(try client.bytesUntilClosed().count, 4 + 21 + 12 * count)
      }
    }
  }

  @Test(arguments: [2, 3])
  func `XREAD and XREADGROUP wait for an entry`(version: Int) throws {
    try withLab { lab in
      let (reader, member, writer) = (try lab.connect(), try lab.connect(), try lab.connect())
      for client in [reader, member] { try client.call("HELLO", "\(version)") }
      try writer.call("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM")
      try reader.send(Request.bytes(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]))
      try member.send(Request.bytes(["XREADGROUP", "GROUP", "g", "me", "BLOCK", "0", "STREAMS", "s", ">"]))
      try eventually("both are blocked") { try blocked(lab) == 2 }
      try writer.call("XADD", "s", "1-1", "f", "v")
      let entry = RESPValue.array([.array([.bulk("1-1"), .array([.bulk("f"), .bulk("v")])])])
      let wanted: RESPValue = version == 3 ? .map([.bulk("s"), entry]) : .array([.array([.bulk("s"), entry])])
      try expectEqual(try reader.reply().value, wanted)
      try expectEqual(try member.reply().value, wanted)
    }
  }

  @Test func `WAIT speaks of the writes of its client`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try expectEqual(try client.call("WAIT", "0", "0").isError, false)
      for round in 0..<20 {
        try client.call("SET", "key", "\(round)")
        try expectEqual(try client.call("WAIT", "2", "20000"), .integer(2))
        // Acknowledged means applied.
        for replica in lab.replicas { try expectEqual(try replica.call("GET", "key"), .bulk("\(round)")) }
      }
      try expectEqual(
        try client.pipeline([["SET", "key", "x"], ["WAIT", "2", "20000"], ["GET", "key"]]),
        [.simple("OK"), .integer(2), .bulk("x")])
    }
  }

  /// A replica that does not apply what it is sent must not be counted.
  @Test func `WAIT does not count a replica that has not got the write`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try client.call("SET", "key", "1")
      try expectEqual(try client.call("WAIT", "2", "20000"), .integer(2))
      lab.replicas[1].freeze()
      defer { lab.replicas[1].thaw() }
      try client.call("SET", "key", "2")
      try expectEqual(try client.call("WAIT", "2", "500"), .integer(1))
    }
  }

  @Test(.throughTheAmbassador)
  func `a primary that dies ends the wait with an error, that of a read goes on with the next, and so does the client`()
    throws
  {
    try withLab { lab in
      let clients = try (0..<10).map { _ in try lab.connect() }
      for client in clients { try client.send(Request.bytes(["BLPOP", "list", "0"])) }
      let reader = try lab.connect()
      try reader.send(Request.bytes(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]))
      try eventually("all are blocked") { try blocked(lab) == 11 }
      lab.primary.kill()
      for client in clients {
        let reply = try client.reply().value
        try check(reply.errorText?.hasPrefix("AMBUNKNOWN ") ?? false, "\(reply)")
      }
      try lab.primary.start()
      try eventually("the reader waits again") { try blocked(lab) == 1 }
      try expectEqual(try lab.primary.call("XADD", "s", "1-1", "f", "v"), .bulk("1-1"))
      try expectEqual(
        try reader.reply().value,
        .array([.array([.bulk("s"), .array([.array([.bulk("1-1"), .array([.bulk("f"), .bulk("v")])])])])]))
      try eventually("the primary is back") { try clients[0].call("RPUSH", "list", "x") == .integer(1) }
      try expectEqual(try clients[1].call("BLPOP", "list", "0"), .array([.bulk("list"), .bulk("x")]))
    }
  }

  /// The old primary says with UNBLOCKED that nothing was popped.
  @Test(.throughTheAmbassador)
  func `a handover: those who wait go on at the new primary, with the time that is left`() throws {
    try withLab { lab in
      let (patient, hurried) = (try lab.connect(), try lab.connect())
      try patient.send(Request.bytes(pipeline: [["BLPOP", "list", "0"], ["ECHO", "behind"]]))
      let start = ContinuousClock.now
      try hurried.send(Request.bytes(["BLPOP", "none", "4"]))
      try eventually("both are blocked") { try blocked(lab) == 2 }
      let new = lab.replicas[0]
      try expectEqual(try lab.primary.call("FAILOVER", "TO", "127.0.0.1", "\(new.port)"), .simple("OK"))
      try eventually("both are blocked at the new primary") {
        try new.info("clients")["blocked_clients"] == "2"
      }
      try expectEqual(try lab.connect().call("RPUSH", "list", "x"), .integer(1))
      try expectEqual(try patient.replies(2), [.array([.bulk("list"), .bulk("x")]), .bulk("behind")])
      try expectEqual(try hurried.reply().value, .nullArray)
      try check(ContinuousClock.now - start > .milliseconds(3990), "it waited only \(ContinuousClock.now - start)")
    }
  }

  @Test(.throughTheAmbassador)
  func `waiting longer than upstream timeout is not silence`() throws {
    try withLab(flags: ["--upstream-timeout", "10ms"]) { lab in
      let client = try lab.connect()
      // Ten times the timeout is what a primary is given.
      try expectEqual(try client.call("BLPOP", "none", "0.5"), .nullArray)
      try expectEqual(try client.call("WAIT", "9", "500"), .integer(2))
    }
  }

  @Test func `thousands of turns of a worker use few connections`() throws {
    try withLab(replicas: 0) { lab in
      let total = { Int(try lab.primary.info("stats")["total_connections_received"] ?? "") ?? -1 }
      let before = try total()
      try concurrently(4) { index in
        let client = try lab.connect()
        for round in 0..<200 {
          try client.call("RPUSH", "q:\(index)", "\(round)")
          try expectEqual(
            try client.call("BLPOP", "q:\(index)", "0"), .array([.bulk("q:\(index)"), .bulk("\(round)")]))
        }
      }
      let opened = try total() - before
      try check(opened < 100, "\(opened) connections")
    }
  }
}
