import TestSupport
import Testing

/// CLIENT INFO, LIST, KILL and UNBLOCK by the ambassador's own ids.
struct ClientCommandTests {
  private func id(_ client: RESPClient) throws -> String {
    guard case .integer(let id) = try client.call("CLIENT", "ID") else { throw Failure("no id") }
    return "\(id)"
  }

  private func fields(_ line: Substring) -> [String: String] {
    var fields: [String: String] = [:]
    for word in line.split(separator: " ") {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
    }
    return fields
  }

  private func list(_ client: RESPClient, _ arguments: String...) throws -> [[String: String]] {
    let text = try client.call(["CLIENT", "LIST"] + arguments).text ?? ""
    // RESP3 says what kind of text it is.
    return text.dropFirst(text.hasPrefix("txt:") ? 4 : 0).split(separator: "\n").map(fields)
  }

  @Test(arguments: [1, 3])
  func `the list knows who is there, and in what state`(threads: Int) throws {
    try withLab(replicas: 0, flags: ["--threads", "\(threads)"]) { lab in
      let clients = try (0..<5).map { _ in try lab.connect() }
      let ids = try clients.map(id)
      try clients[0].call("CLIENT", "SETNAME", "named")
      try clients[1].call("SELECT", "3")
      _ = try clients[2].pipeline([["MULTI"], ["PING"], ["PING"]])
      try clients[3].call("SUBSCRIBE", "news")
      try clients[4].send(Request.bytes(["BLPOP", "none", "0"]))
      let asker = try lab.connect()
      try asker.call("HELLO", "3")
      try eventually("one is blocked") { try list(asker, "ID", ids[4]).first?["flags"] == "b" }
      let seen = try list(asker)
      let byID = Dictionary(seen.map { ($0["id"] ?? "", $0) }, uniquingKeysWith: { first, _ in first })
      try expectEqual(byID[ids[0]]?["name"], "named")
      try expectEqual(byID[ids[1]]?["db"], "3")
      try expectEqual(byID[ids[2]]?["multi"], "2")
      try expectEqual(byID[ids[2]]?["flags"], "x")
      try expectEqual(byID[ids[3]]?["sub"], "1")
      try expectEqual(byID[ids[4]]?["cmd"], "blpop")
      try expectEqual(byID[try id(asker)]?["resp"], "3")
      try expectEqual(try list(asker, "TYPE", "pubsub").map { $0["id"] }, [ids[3]])
      let info = fields(Substring(try asker.call("CLIENT", "INFO").text ?? ""))
      try expectEqual(info["txt:id"], try id(asker))
      try expectEqual(info["cmd"], "client|info")
      // The same words, in the same order, as the server's.
      let own = try lab.primary.call("CLIENT", "INFO").text ?? ""
      let keys = { (line: String) in line.split(separator: " ").map { $0.prefix { $0 != "=" } } }
      try expectEqual(keys(try clients[0].call("CLIENT", "INFO").text ?? ""), keys(own))
    }
  }

  @Test(.throughTheAmbassador)
  func `the list knows the last command of each, and how it tracks`() throws {
    try withLab(replicas: 0) { lab in
      let (client, asker) = (try lab.connect(), try lab.connect())
      try client.call("HELLO", "3")
      let id = try id(client)
      for (words, name) in [
        (["PING"], "ping"), (["GET", "k"], "get"), (["CLIENT", "SETNAME", "x"], "client|setname"),
        (["ECHO", "a"], "echo"),
        (["CONFIG", "GET", "port"], "config|get"), (["CLIENT", "ID"], "client|id"), (["SELECT", "1"], "select"),
      ] {
        for _ in 0..<2 { _ = try client.call(words) }
        try expectEqual(try list(asker, "ID", id).first?["cmd"], name)
      }
      for (mode, flags) in [(["ON"], "t"), (["OFF"], "N"), (["ON", "BCAST", "PREFIX", "a"], "tB")] {
        try expectEqual(try client.call(["CLIENT", "TRACKING"] + mode), .simple("OK"))
        try expectEqual(try list(asker, "ID", id).first?["flags"], flags)
      }
    }
  }

  @Test(arguments: [2, 3], [1, 2])
  func `UNBLOCK ends a wait, as a timeout or as an error`(version: Int, threads: Int) throws {
    try withLab(replicas: 0, flags: ["--threads", "\(threads)"]) { lab in
      let (waiting, other) = (try lab.connect(), try lab.connect())
      try waiting.call("HELLO", "\(version)")
      let id = try id(waiting)
      try expectEqual(try other.call("CLIENT", "UNBLOCK", id), .integer(0))
      for (reason, reply) in [
        ([], version == 3 ? RESPValue.null : .nullArray), (["TIMEOUT"], version == 3 ? .null : .nullArray),
        (["ERROR"], .error("UNBLOCKED client unblocked via CLIENT UNBLOCK")),
      ] {
        try waiting.send(Request.bytes(["BLPOP", "none", "0"]))
        try eventually("it is unblocked") { try other.call(["CLIENT", "UNBLOCK", id] + reason) == .integer(1) }
        try expectEqual(try waiting.reply().value, reply)
      }
      try expectEqual(try waiting.call("ECHO", "on"), .bulk("on"))
      try check(try other.call("CLIENT", "UNBLOCK", id, "WRONG").isError, "a wrong reason")
    }
  }

  @Test(arguments: [1, 3])
  func `KILL closes the client that is meant`(threads: Int) throws {
    try withLab(replicas: 0, flags: ["--threads", "\(threads)"]) { lab in
      let (asker, victim, subscriber) = (try lab.connect(), try lab.connect(), try lab.connect())
      try subscriber.call("SUBSCRIBE", "news")
      let id = try id(victim)
      try expectEqual(try asker.call("CLIENT", "KILL", "ID", "999999"), .integer(0))
      try expectEqual(try asker.call("CLIENT", "KILL", "ID", id), .integer(1))
      _ = try victim.bytesUntilClosed()
      try expectEqual(try asker.call("CLIENT", "KILL", "TYPE", "pubsub"), .integer(1))
      _ = try subscriber.bytesUntilClosed()
      try eventually("nobody is subscribed") {
        try lab.primary.call("PUBSUB", "NUMSUB", "news") == .array([.bulk("news"), .integer(0)])
      }
      let another = try lab.connect()
      let address = try list(another).last?["addr"] ?? ""
      try expectEqual(try asker.call("CLIENT", "KILL", address), .simple("OK"))
      try check(try asker.call("CLIENT", "KILL", address).isError, "it is gone")
      try expectEqual(try asker.call("CLIENT", "KILL", "ID", try self.id(asker), "SKIPME", "no"), .integer(1))
      _ = try asker.bytesUntilClosed()
    }
  }

  /// What is asked of other threads keeps its place among the rest.
  @Test(arguments: [1, 3])
  func `in a pipeline, in a session, and asked by many at once`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      try concurrently(6) { index in
        let client = try lab.connect()
        let id = try id(client)
        for round in 0..<30 {
          if round % 3 == 1 { try client.call("WATCH", "key") }
          let replies = try client.pipeline([
            ["SET", "key:\(index)", "\(round)"], ["CLIENT", "LIST", "ID", id], ["GET", "key:\(index)"],
            ["CLIENT", "UNBLOCK", "999999"], ["CLIENT", "KILL", "ID", "999999"], ["ECHO", "\(round)"],
            ["CLIENT", "LIST", "ID", "x"],
          ])
          try check(replies[1].text?.hasPrefix("id=\(id) ") == true, "\(replies[1])")
          try expectEqual(
            [replies[0]] + replies[2...],
            [
              .simple("OK"), .bulk("\(round)"), .integer(0), .integer(0), .bulk("\(round)"),
              .error("ERR Invalid client ID"),
            ])
          if round % 3 == 2 { try client.call("UNWATCH") }
        }
        // Inline, and then gone in the middle of a question.
        try client.send("CLIENT LIST\r\nCLIENT LIST ID 1\r\n")
        if index % 2 == 0 { _ = try client.reply() }
        if index % 3 == 0 { client.abort() } else { client.close() }
      }
    }
  }

  @Test(arguments: [1, 2])
  func `a skipped reply is skipped once, and tracking is redirected to a client of another thread`(threads: Int) throws
  {
    try withLab(replicas: 0, flags: ["--threads", "\(threads)"]) { lab in
      let (tracker, listener) = (try lab.connect(), try lab.connect())
      try tracker.send(Request.bytes(pipeline: [["CLIENT", "REPLY", "SKIP"], ["CLIENT", "LIST"], ["ECHO", "next"]]))
      try expectEqual(try tracker.reply().value, .bulk("next"))
      let id = try id(listener)
      try listener.call("SUBSCRIBE", "__redis__:invalidate")
      try expectEqual(try tracker.call("CLIENT", "TRACKING", "ON", "REDIRECT", id), .simple("OK"))
      try tracker.call("GET", "key")
      try lab.primary.call("SET", "key", "changed")
      try expectEqual(
        try listener.reply().value,
        .array([.bulk("message"), .bulk("__redis__:invalidate"), .array([.bulk("key")])]))
    }
  }

  @Test(arguments: ["n", ""])
  func `the name within a transaction is the client's`(name: String) throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.call("CLIENT", "SETNAME", name)
      let named: RESPValue = name.isEmpty ? .nullBulk : .bulk(name)
      try expectEqual(
        try client.pipeline([
          ["MULTI"], ["CLIENT", "GETNAME"], ["CLIENT", "SETNAME", "other"], ["CLIENT", "GETNAME"], ["EXEC"],
          ["CLIENT", "GETNAME"],
        ])[4...],
        [.array([named, .simple("OK"), .bulk("other")]), .bulk("other")])
      let wrong = try client.pipeline([["MULTI"], ["CLIENT", "SETNAME", "a b"], ["EXEC"], ["CLIENT", "GETNAME"]])
      try expectEqual(wrong[3], .bulk("other"))
      try check(wrong[2].elements?.first?.isError == true, "\(wrong)")
      _ = try client.pipeline([["WATCH", "key"], ["CLIENT", "SETNAME", "third"], ["MULTI"], ["CLIENT", "GETNAME"]])
      try expectEqual(try client.call("EXEC"), .array([.bulk("third")]))
    }
  }

  /// The server would look for upstreams, and each of these is somebody else's.
  @Test(.throughTheAmbassador)
  func `KILL and UNBLOCK within a transaction are refused and harm nobody`() throws {
    try withLab { lab in
      let (client, subscriber) = (try lab.connect(), try lab.connect())
      try subscriber.call("SUBSCRIBE", "news")
      func upstreams() throws -> Set<Substring> {
        let lines = try lab.primary.call("CLIENT", "LIST").text?.split(separator: "\n") ?? []
        return Set(lines.filter { !$0.contains("cmd=client|list") }.map { $0.prefix { $0 != " " } })
      }
      let before = try upstreams()
      for command in [["KILL", "TYPE", "normal"], ["KILL", "ID", "7"], ["UNBLOCK", "7"]] {
        let replies = try client.pipeline([["MULTI"], ["CLIENT"] + command, ["EXEC"], ["GET", "key"]])
        try check(replies[1].errorText?.hasPrefix("AMBUNSUPPORTED CLIENT \(command[0]) ") == true, "\(replies)")
        try expectEqual(replies[2], .error("EXECABORT Transaction discarded because of previous errors."))
        try expectEqual(replies[3], .nullBulk)
      }
      try expectEqual(try lab.connect().call("PUBLISH", "news", "x"), .integer(1))
      try check(try upstreams().isSuperset(of: before), "connections were closed")
    }
  }

  /// By the time the server looks for it, the id must not mean the next client that blocks.
  @Test(.throughTheAmbassador)
  func `an upstream that was to be unblocked is not lent on`() throws {
    try withLab(replicas: 0) { lab in
      let (waiting, other) = (try lab.connect(), try lab.connect())
      let id = try id(waiting)
      func upstream(_ client: RESPClient) throws -> String {
        try client.send(Request.bytes(["BLPOP", "none", "0"]))
        var found = ""
        try eventually("it blocks") {
          let lines = try lab.primary.call("CLIENT", "LIST").text?.split(separator: "\n") ?? []
          found = lines.first { $0.contains(" flags=b ") }.map { String($0.prefix { $0 != " " }) } ?? ""
          return !found.isEmpty
        }
        return found
      }
      let first = try upstream(waiting)
      try eventually("it is unblocked") { try other.call("CLIENT", "UNBLOCK", id) == .integer(1) }
      try expectEqual(try waiting.reply().value, .nullArray)
      try check(try upstream(try lab.connect()) != first, "another client waits on it")
    }
  }
}
