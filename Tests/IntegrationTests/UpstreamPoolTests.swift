import TestSupport
import Testing

/// Upstreams that are lent to one client at a time: as many as there may be, and never with anything left on them.
struct UpstreamPoolTests {
  private func blocked(_ lab: Lab) throws -> Int { Int(try lab.primary.info("clients")["blocked_clients"] ?? "") ?? -1 }

  /// The ambassador's connections to the primary, as the primary sees them.
  private func upstreams(_ lab: Lab) throws -> [[String: String]] {
    let asker = try lab.primary.connect()
    try asker.call("CLIENT", "SETNAME", "asker")
    return (try asker.call("CLIENT", "LIST", "TYPE", "normal").text ?? "").split(separator: "\n").map { line in
      var fields: [String: String] = [:]
      for word in line.split(separator: " ") {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
      }
      return fields
    }.filter { $0["name"] != "asker" }
  }

  @Test func `two thousand wait at once, each gets its own, and those that leave swallow nothing`() throws {
    try withLab(replicas: 1, flags: ["--upstream-max-pinned", "2100"]) { lab in
      let count = 2000
      var waiting = try (0..<count).map { index in
        let client = try lab.connect(patience: .seconds(60))
        try client.send(Request.bytes(["BLPOP", "list:\(index)", "0"]))
        return client
      }
      try eventually(within: .seconds(60), "all are blocked") { try blocked(lab) == count }
      let pusher = try lab.connect(patience: .seconds(60))
      try expectEqual(try pusher.call("SET", "key", "value"), .simple("OK"))
      let served = count / 2
      _ = try pusher.pipeline((0..<served).map { ["RPUSH", "list:\($0)", "for \($0)"] })
      for index in 0..<served {
        try expectEqual(
          try waiting[index].reply().value, .array([.bulk("list:\(index)"), .bulk("for \(index)")]))
      }
      for index in served..<count { if index % 2 == 0 { waiting[index].close() } else { waiting[index].abort() } }
      let left = ContinuousClock.now
      try eventually("nobody waits at the server for those who have left") { try blocked(lab) == 0 }
      let took = ContinuousClock.now - left
      try check(took < .seconds(3), "it took \(took)")
      _ = try pusher.pipeline((served..<count).map { ["RPUSH", "list:\($0)", "x"] })
      for length in try pusher.pipeline((served..<count).map { ["LLEN", "list:\($0)"] }) {
        try expectEqual(length, .integer(1), "an element was swallowed")
      }
      waiting.removeAll()
      try expectEqual(try pusher.call("GET", "key"), .bulk("value"))
    }
  }

  @Test(.throughTheAmbassador)
  func `past the bound there is an error, and room again when somebody leaves`() throws {
    try withLab(flags: ["--upstream-max-pinned", "3"]) { lab in
      let bystanders = try Bystanders(lab)
      let waiting = try (0..<3).map { _ in
        let client = try lab.connect()
        try client.send(Request.bytes(["BLPOP", "none", "0"]))
        return client
      }
      try eventually("all are blocked") { try blocked(lab) == 3 }
      let late = try lab.connect()
      for command in [["BLPOP", "none", "1"], ["SUBSCRIBE", "news"], ["WATCH", "key"]] {
        let reply = try late.call(command)
        try check(reply.errorText?.hasPrefix("AMBBUSY ") == true, "\(reply)")
      }
      // An error to MULTI would be overheard by those who send all of a transaction at once.
      let replies = try late.pipeline([["MULTI"], ["SET", "key", "1"], ["EXEC"], ["EXISTS", "key"]])
      try check(replies[2].errorText?.hasPrefix("EXECABORT ") == true, "\(replies)")
      try expectEqual(replies[3], .integer(0))
      waiting[0].close()
      try eventually("there is room") { try late.call("BLPOP", "none", "0.01") == .nullArray }
      try bystanders.stop()
    }
  }

  @Test(.throughTheAmbassador)
  func `past the bound, what needs one for a single answer still gets it, but not without end`() throws {
    try withLab(replicas: 0, flags: ["--upstream-max-pinned", "1"]) { lab in
      let waiting = try lab.connect()
      try waiting.send(Request.bytes(["BLPOP", "none", "0"]))
      try eventually("it is blocked") { try blocked(lab) == 1 }
      let client = try lab.connect()
      try check(try client.call("WATCH", "key").errorText?.hasPrefix("AMBBUSY ") == true, "WATCH")
      try check(try client.call("AUTH", "wrong", "secret").errorText?.hasPrefix("WRONGPASS ") == true, "AUTH")
      try expectEqual(try client.call("SET", "key", String(repeating: "x", count: 100_000)), .simple("OK"))
      try expectEqual(try client.call("UNSUBSCRIBE"), .array([.bulk("unsubscribe"), .nullBulk, .integer(0)]))
      try expectEqual(try client.call("WAIT", "0", "0"), .integer(0))
      try check(try client.call("WAIT", "1", "1").errorText?.hasPrefix("AMBBUSY ") == true, "WAIT")
      try check(try client.call("SCRIPT", "KILL").errorText?.hasPrefix("NOTBUSY ") == true, "SCRIPT KILL")
      try expectEqual(try client.call("CLIENT", "UNPAUSE"), .simple("OK"))
      // Requests that do not end keep theirs.
      let slow = try (0..<32).map { _ in try lab.connect() }
      for client in slow { try client.send("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000000\r\nx") }
      let control = try RESPClient(unixPath: lab.ambassador.controlSocket)
      var status = ""
      do {
        try eventually(within: .seconds(5), "all have one") {
          status = "\(try control.call("STATUS"))"
          return status.contains("33 of them lent")
        }
      } catch { throw Failure("\(error)\n\(status)") }
      let long = String(repeating: "x", count: 2_000_000)
      for command in [["SET", "key", long], ["SCRIPT", "KILL"], ["AUTH", "a", "b"]] {
        try check(try client.call(command).errorText?.hasPrefix("AMBBUSY ") == true, command[0])
      }
    }
  }

  /// What a client may leave behind.
  private static let traces: [[[String]]] = [
    [["WATCH", "key"]], [["MULTI"], ["SET", "key", "x"]], [["WATCH", "key"], ["MULTI"]], [["SUBSCRIBE", "news"]],
    [["PSUBSCRIBE", "n*"], ["PUNSUBSCRIBE"]], [["SUBSCRIBE", "a", "b"], ["UNSUBSCRIBE", "a"]],
    [["MULTI"], ["SELECT", "5"], ["EXEC"]], [["WATCH", "key"], ["SELECT", "7"], ["UNWATCH"]],
    [["MULTI"], ["CLIENT", "SETNAME", "somebody"], ["EXEC"]],
    [["WATCH", "key"], ["CLIENT", "SETNAME", "somebody"], ["UNWATCH"]],
    [["WATCH", "key"], ["HELLO", "3"], ["UNWATCH"]], [["MULTI"], ["HELLO", "3"], ["EXEC"]],
    [["CLIENT", "TRACKING", "ON"], ["GET", "key"]], [["CLIENT", "TRACKING", "ON"], ["CLIENT", "TRACKING", "OFF"]],
    [["CLIENT", "NO-EVICT", "ON"]], [["CLIENT", "REPLY", "OFF"], ["MULTI"], ["SET", "x", "1"]],
    [["CLIENT", "REPLY", "SKIP"], ["WATCH", "key"]], [["BLPOP", "none", "0"]], [["BLPOP", "none", "0.01"]],
    [["MULTI"], ["SUBSCRIBE", "news"], ["EXEC"]], [["MONITOR"]], [["WAIT", "9", "0"]], [["WAIT", "0", "0"]],
    [["MULTI"], ["NOSUCHCOMMAND"], ["EXEC"]], [["MULTI"], ["EXEC"]], [["WATCH", "key"], ["RESET"]],
    [["WATCH", "key"], ["EVAL", "return string.rep('x', 300000)", "0"]],
  ]

  @Test(arguments: [1, 2, 3])
  func `nothing of one client is left for the next`(seed: Int) throws {
    try withLab(replicas: 1) { lab in
      var dice = SeededGenerator(seed: UInt64(seed))
      for round in 0..<6 {
        let guests = try (0..<30).map { _ in
          let client = try lab.connect()
          for trace in Self.traces.shuffled(using: &dice).prefix(Int.random(in: 1...3, using: &dice)) {
            try client.send(Request.bytes(pipeline: trace))
          }
          return client
        }
        // Some are cut off in the middle of something.
        let witness = try lab.connect()
        for _ in 0..<Int.random(in: 0...20, using: &dice) { try witness.call("PING") }
        for (index, guest) in guests.enumerated() {
          switch index % 3 {
          case 0: guest.close()
          case 1: guest.abort()
          default: guest.halfClose()
          }
        }
        try lab.primary.call("SET", "key", "changed \(round)")
        var dirty: [[String: String]] = []
        do {
          try eventually(within: .seconds(10), "nothing is left of them, round \(round)") {
            dirty = try upstreams(lab).filter { fields in
              fields["name"] != "" || fields["flags"] != "N" || fields["multi"] != "-1"
                || fields["redir"] != "-1"
            }
            return dirty.isEmpty
          }
        } catch { throw Failure("\(error): \(dirty.map { $0.sorted { $0.key < $1.key } })") }
        // Whoever gets one of these upstreams next finds it as new. What is watched does not show in the list, nor whether
        // a connection is in the database that it is meant for.
        let next = try (0..<12).map { _ in try lab.connect() }
        for client in next {
          try expectEqual(
            try client.pipeline([
              ["MULTI"], ["GET", "key"], ["CLIENT", "GETNAME"], ["EXEC"], ["BLPOP", "none", "0.01"],
            ]),
            [
              .simple("OK"), .simple("QUEUED"), .simple("QUEUED"), .array([.bulk("changed \(round)"), .nullBulk]),
              .nullArray,
            ])
        }
      }
    }
  }

  @Test(.throughTheAmbassador)
  func `connections for a database that no client uses end`() throws {
    try withLab(replicas: 1) { lab in
      let (staying, leaving) = (try lab.connect(), try lab.connect())
      for (client, database) in [(staying, "3"), (leaving, "7")] {
        try expectEqual(try client.call("SELECT", database), .simple("OK"))
        try expectEqual(try client.call("SET", "key", database), .simple("OK"))
      }
      try check(try upstreams(lab).contains { $0["db"] == "7" }, "none for this database")
      try expectEqual(try leaving.call("SELECT", "0"), .simple("OK"))
      try eventually(within: .seconds(40), "they have ended") {
        try !upstreams(lab).contains { $0["db"] == "7" }
      }
      try check(try upstreams(lab).contains { $0["db"] == "3" }, "others have ended too")
      try expectEqual(try staying.call("GET", "key"), .bulk("3"))
      try expectEqual(try leaving.pipeline([["SELECT", "7"], ["GET", "key"]]).last, .bulk("7"))
    }
  }
}
