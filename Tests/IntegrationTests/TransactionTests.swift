import TestSupport
import Testing

/// MULTI and WATCH between clients, and what becomes of them when the primary goes.
struct TransactionTests {
  @Test func `a watched key that another client writes aborts EXEC, and only then`() throws {
    try withLab { lab in
      let (client, other) = (try lab.connect(), try lab.connect())
      try client.call("SET", "key", "1")
      try expectEqual(try client.call("WATCH", "key"), .simple("OK"))
      // A replica may not have it yet; a watching client must see the primary's.
      try expectEqual(try client.call("GET", "key"), .bulk("1"))
      try other.call("SET", "key", "2")
      try expectEqual(try client.pipeline([["MULTI"], ["SET", "key", "3"], ["EXEC"]]).last, .nullArray)
      try expectEqual(try client.call("WATCH", "key"), .simple("OK"))
      try expectEqual(try client.call("GET", "key"), .bulk("2"))
      try other.call("SET", "unrelated", "2")
      try expectEqual(
        try client.pipeline([["MULTI"], ["INCR", "key"], ["EXEC"]]).last, .array([.integer(3)]))
    }
  }

  /// The classic: increments by reading, watching and writing lose nothing, however many do it at once.
  @Test func `optimistic increments of many clients lose nothing`() throws {
    try withLab { lab in
      try concurrently(8) { _ in
        let client = try lab.connect()
        var done = 0
        while done < 25 {
          try client.call("WATCH", "counter")
          let now = Int(try client.call("GET", "counter").text ?? "0") ?? 0
          let replies = try client.pipeline([["MULTI"], ["SET", "counter", "\(now + 1)"], ["EXEC"]])
          try check(replies[2] == .array([.simple("OK")]) || replies[2] == .nullArray, "\(replies)")
          if replies[2] != .nullArray { done += 1 }
        }
      }
      try expectEqual(try lab.primary.call("GET", "counter"), .bulk("200"))
    }
  }

  @Test func `pipelines mix transactions with ordinary commands, beside clients on shared lanes`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      try concurrently(6) { index in
        let client = try lab.connect()
        for round in 0..<60 {
          let key = "k:\(index)"
          let replies = try client.pipeline([
            ["SET", key, "\(round)"], ["GET", key], ["MULTI"], ["INCR", key], ["GET", key], ["EXEC"], ["GET", key],
            ["ECHO", "\(index):\(round)"], ["MULTI"], ["DEL", key], ["DISCARD"], ["GET", key],
          ])
          let next = RESPValue.bulk("\(round + 1)")
          try expectEqual(
            replies,
            [
              .simple("OK"), .bulk("\(round)"), .simple("OK"), .simple("QUEUED"), .simple("QUEUED"),
              .array([.integer(round + 1), next]), next, .bulk("\(index):\(round)"), .simple("OK"), .simple("QUEUED"),
              .simple("OK"), next,
            ])
        }
      }
      try bystanders.stop()
    }
  }

  @Test func `what a transaction has written is seen by the reads behind it`() throws {
    try withLab { lab in
      let client = try lab.connect()
      for round in 0..<200 {
        try expectEqual(
          try client.pipeline([["MULTI"], ["SET", "key", "\(round)"], ["EXEC"]]).last, .array([.simple("OK")]))
        try expectEqual(try client.call("GET", "key"), .bulk("\(round)"))
      }
    }
  }

  @Test func `upstreams of transactions are used again, and by clients of the same database only`() throws {
    try withLab(replicas: 0) { lab in
      let before = try connections(lab)
      for round in 0..<50 {
        let client = try lab.connect()
        let replies = try client.pipeline([
          ["SELECT", "\(round % 2)"], ["MULTI"], ["SET", "db", "\(round % 2)"], ["EXEC"], ["GET", "db"],
        ])
        try expectEqual(replies.last, .bulk("\(round % 2)"))
      }
      let opened = try connections(lab) - before
      try check(opened < 10, "\(opened) connections for one at a time")
      for database in 0...1 {
        let direct = try lab.primary.connect()
        try expectEqual(try direct.pipeline([["SELECT", "\(database)"], ["GET", "db"]]).last, .bulk("\(database)"))
      }
    }
  }

  private func connections(_ lab: Lab) throws -> Int {
    Int(try lab.primary.info("stats")["total_connections_received"] ?? "") ?? -1
  }

  @Test func `a long command and a long reply pass through a transaction`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      let value = String(repeating: "x", count: 3 << 20)
      let replies = try client.pipeline([
        ["MULTI"], ["SET", "big", value], ["GET", "big"], ["ECHO", "after"], ["EXEC"], ["PING"],
      ])
      try expectEqual(replies[4], .array([.simple("OK"), .bulk(value), .bulk("after")]))
      try expectEqual(replies[5], .simple("PONG"))
      try expectEqual(try client.pipeline([["WATCH", "big"], ["GET", "big"], ["UNWATCH"]])[1], .bulk(value))
    }
  }

  // MARK: Without the upstream

  @Test(.throughTheAmbassador)
  func `a transaction whose upstream is lost before EXEC is opened again on another`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      for round in 0..<3 {
        try expectEqual(
          try client.pipeline([["MULTI"], ["INCR", "counter"]]), [.simple("OK"), .simple("QUEUED")])
        try lab.primary.killClients { $0.contains(" multi=") && !$0.contains(" multi=-1 ") }
        // Noticed before the next request, or together with it.
        if round == 0 { try eventually("the loss is noticed") { lab.service.report.contains(" lost: ") } }
        try expectEqual(try client.call("INCR", "counter"), .simple("QUEUED"))
        try expectEqual(try client.call("EXEC"), .array([.integer(round * 2 + 1), .integer(round * 2 + 2)]))
      }
      try expectEqual(try client.call("GET", "counter"), .bulk("6"))
    }
  }

  @Test(.throughTheAmbassador)
  func `a transaction that waits for a primary is executed when there is one`() throws {
    try withLab { lab in
      let (client, watching) = (try lab.connect(patience: .seconds(60)), try lab.connect(patience: .seconds(60)))
      try expectEqual(try client.pipeline([["MULTI"], ["INCR", "counter"]]), [.simple("OK"), .simple("QUEUED")])
      _ = try watching.pipeline([["WATCH", "key"], ["MULTI"], ["SET", "key", "1"]])
      lab.primary.kill()
      try eventually("the primary is known to be gone") { lab.service.report.contains("no primary") }
      try client.send(Request.bytes(pipeline: [["INCR", "counter"], ["EXEC"], ["GET", "counter"]]))
      let whole = try lab.connect(patience: .seconds(60))
      try whole.send(Request.bytes(pipeline: [["MULTI"], ["SET", "whole", "1"], ["EXEC"]]))
      // The keys that it watched may have changed.
      try expectEqual(try watching.pipeline([["SET", "key", "2"], ["EXEC"]]), [.simple("QUEUED"), .nullArray])
      try lab.primary.start()
      try expectEqual(
        try client.replies(3), [.simple("QUEUED"), .array([.integer(1), .integer(2)]), .bulk("2")])
      try expectEqual(try whole.replies(3).last, .array([.simple("OK")]))
      try expectEqual(try watching.call("EXISTS", "key"), .integer(0))
    }
  }

  @Test(.throughTheAmbassador)
  func `a transaction too long to be kept is aborted when its upstream is lost, and nothing of it is executed`() throws
  {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try expectEqual(
        try client.pipeline([["MULTI"], ["SET", "key", String(repeating: "x", count: 70_000)]]),
        [.simple("OK"), .simple("QUEUED")])
      try lab.primary.killClients { $0.contains(" multi=") && !$0.contains(" multi=-1 ") }
      try eventually("the loss is noticed") { try client.call("SET", "key", "2") != .simple("QUEUED") }
      let queued = try client.call("SET", "key", "3")
      try check(queued.errorText?.hasPrefix("AMBDOWN ") ?? false, "\(queued)")
      try expectEqual(try client.call("MULTI"), .error("ERR MULTI calls can not be nested"))
      try expectEqual(
        try client.call("EXEC"), .error("EXECABORT Transaction discarded because of previous errors."))
      try expectEqual(try client.call("EXEC"), .error("ERR EXEC without MULTI"))
      try expectEqual(try client.call("GET", "key"), .nullBulk)
      try expectEqual(try client.pipeline([["MULTI"], ["SET", "key", "4"], ["EXEC"]]).last, .array([.simple("OK")]))
    }
  }

  @Test(.throughTheAmbassador)
  func `DISCARD ends a transaction whose upstream is lost`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.call("MULTI")
      try lab.primary.killClients { $0.contains(" multi=") && !$0.contains(" multi=-1 ") }
      try expectEqual(try client.call("DISCARD"), .simple("OK"))
      try expectEqual(try client.call("DISCARD"), .error("ERR DISCARD without MULTI"))
    }
  }

  @Test(.throughTheAmbassador, arguments: [2, 3])
  func `EXEC after the loss of the watching upstream does not succeed`(version: Int) throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.call("HELLO", "\(version)")
      try client.call("WATCH", "key")
      try lab.primary.killClients { $0.contains(" cmd=watch ") }
      // Noticed in the middle of what follows, it would be the end of a transaction, and EXECABORT as honest.
      try eventually("the loss is noticed") { lab.service.report.contains(" lost: ") }
      try expectEqual(
        try client.pipeline([["MULTI"], ["SET", "key", "1"], ["EXEC"]]),
        [.simple("OK"), .simple("QUEUED"), version == 3 ? .null : .nullArray])
      try expectEqual(try client.call("GET", "key"), version == 3 ? .null : .nullBulk)
      // And that was that.
      try expectEqual(try client.pipeline([["MULTI"], ["SET", "key", "1"], ["EXEC"]]).last, .array([.simple("OK")]))
    }
  }

  @Test(.throughTheAmbassador)
  func `without a primary a transaction sent at once is refused as a whole`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try client.call("PING")
      lab.primary.kill()
      try eventually("the primary is known to be gone") { try client.call("SET", "x", "y").isError }
      let replies = try client.pipeline([["MULTI"], ["SET", "key", "1"], ["EXEC"], ["PING"]])
      try expectEqual(replies[0], .simple("OK"))
      try check(replies[1].errorText?.hasPrefix("AMBDOWN ") ?? false, "\(replies)")
      try expectEqual(replies[2], .error("EXECABORT Transaction discarded because of previous errors."))
      try expectEqual(replies[3], .simple("PONG"))
      try check(try client.call("BLPOP", "l", "0").errorText?.hasPrefix("AMBDOWN ") ?? false, "BLPOP")
      try check(try client.call("WATCH", "l").errorText?.hasPrefix("AMBDOWN ") ?? false, "WATCH")
      try check(try client.call("SUBSCRIBE", "l").errorText?.hasPrefix("AMBDOWN ") ?? false, "SUBSCRIBE")
    }
  }

  @Test(.throughTheAmbassador)
  func `EXEC that was sent to a frozen primary which dies is of unknown fate`() throws {
    try withLab(flags: ["--upstream-timeout", "100ms"]) { lab in
      let client = try lab.connect()
      _ = try client.pipeline([["MULTI"], ["SET", "key", "1"]])
      lab.primary.freeze()
      try client.send(Request.bytes(["EXEC"]))
      let reply = try client.reply().value
      try check(reply.errorText?.hasPrefix("AMBUNKNOWN ") ?? false, "\(reply)")
      lab.primary.thaw()
    }
  }

  @Test(.throughTheAmbassador)
  func `past max-pinned there is a clear error, and room again when one ends`() throws {
    try withLab(replicas: 0, flags: ["--upstream-max-pinned", "2"]) { lab in
      let clients = try (0..<3).map { _ in try lab.connect() }
      for client in clients.prefix(2) { try expectEqual(try client.call("WATCH", "k"), .simple("OK")) }
      let refused = try clients[2].call("WATCH", "k")
      try check(refused.errorText?.hasPrefix("AMBBUSY ") ?? false, "\(refused)")
      let replies = try clients[2].pipeline([["MULTI"], ["SET", "k", "1"], ["EXEC"], ["GET", "k"]])
      try expectEqual(replies[2], .error("EXECABORT Transaction discarded because of previous errors."))
      try expectEqual(replies[3], .nullBulk)
      try expectEqual(try clients[0].call("UNWATCH"), .simple("OK"))
      try expectEqual(try clients[2].call("WATCH", "k"), .simple("OK"))
      clients[1].close()
      try eventually("a client that goes makes room") { try clients[0].call("WATCH", "k") == .simple("OK") }
    }
  }
}
