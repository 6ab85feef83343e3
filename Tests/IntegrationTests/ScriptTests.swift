import TestSupport
import Testing

/// Scripts and functions that only read run on replicas, and a replica that lacks one is never the client's matter.
@Suite(.throughTheAmbassador)
struct ScriptTests {
  private static let script = "return {redis.call('GET', KEYS[1]), ARGV[1]}"

  private func load(_ lab: Lab, _ script: String = script) throws -> String {
    guard let digest = try lab.primary.call("SCRIPT", "LOAD", script).text else { throw Failure("no digest") }
    return digest
  }

  @Test func `EVAL_RO, FCALL_RO and loaded scripts run on replicas`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      let reply = RESPValue.array([.bulk("value"), .bulk("x")])
      let digest = try client.call("SCRIPT", "LOAD", Self.script).text ?? ""
      try expectEqual(
        try client.call(
          "FUNCTION", "LOAD",
          """
          #!lua name=l
          redis.register_function{function_name='f', flags={'no-writes'},
            callback=function(keys, args) return {redis.call('GET', keys[1]), args[1]} end}
          """), .bulk("l"))
      for (command, request) in [
        ("eval_ro", ["EVAL_RO", Self.script, "1", "key", "x"]),
        ("evalsha_ro", ["EVALSHA_RO", digest, "1", "key", "x"]),
        ("fcall_ro", ["FCALL_RO", "f", "1", "key", "x"]),
      ] {
        try eventually("\(command) runs on both replicas and not on the primary") {
          let calls = try lab.redis.calls(of: command) {
            for _ in 0..<20 { try expectEqual(try client.call(request), reply) }
          }
          return calls[0] == 0 && calls[1] > 0 && calls[2] > 0
        }
      }
    }
  }

  @Test(arguments: [2, 3])
  func `a script that only the primary has is run there, in order`(version: Int) throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let digest = try load(lab)
      let client = try lab.connect()
      try client.call("HELLO", "\(version)")
      let request = ["EVALSHA_RO", digest, "1", "key"]
      // Sent at once: the script is among other reads, local replies and writes.
      let replies = try client.pipeline([
        ["GET", "key"], request + ["1"], ["STRLEN", "key"], ["ECHO", "e"], request + ["2"], ["INCR", "n"],
        request + ["3"], ["GET", "n"], ["GET", "none"],
      ])
      let answer = { (word: String) in RESPValue.array([.bulk("value"), .bulk(word)]) }
      try expectEqual(
        replies,
        [
          .bulk("value"), answer("1"), .integer(5), .bulk("e"), answer("2"), .integer(1), answer("3"), .bulk("1"),
          version == 3 ? .null : .nullBulk,
        ])
      try eventually("those that follow one in vain go to the primary at once") {
        try lab.redis.calls(of: "evalsha_ro") {
          for _ in 0..<50 { try expectEqual(try client.call(request + ["x"]), answer("x")) }
        } == [50, 0, 0]
      }
      // Loaded through the ambassador, they are everywhere.
      try expectEqual(try client.call("SCRIPT", "LOAD", Self.script), .bulk(digest))
      try eventually("replicas run it") {
        try lab.redis.calls(of: "evalsha_ro") { _ = try client.call(request + ["x"]) }[0] == 0
      }
    }
  }

  @Test(arguments: [false, true])
  func `a script that says itself that the primary does not write is believed twice, not for ever`(
    ownUpstream: Bool
  ) throws {
    try withLab { lab in
      let (client, other) = (try lab.connect(), try lab.connect())
      try client.call("HELLO", "3")
      if ownUpstream { try client.call("SUBSCRIBE", "channel") }
      let words = "READONLY You can't write against a read only replica."
      let script = "redis.call('INCR', KEYS[1]) return redis.error_reply(ARGV[1])"
      let refusal = RESPValue.error(words)
      try expectEqual(try client.call("EVAL", script, "1", "n", words), refusal)
      try expectEqual(try other.call("GET", "n"), .bulk("3"))
      // Nobody else has to wait, nor has a script that is asked for later.
      try expectEqual(try other.call("SET", "key", "v"), .simple("OK"))
      try expectEqual(
        try client.pipeline([["EVAL", script, "1", "n", words], ["INCR", "m"]]), [refusal, .integer(1)])
    }
  }

  @Test func `a script that nobody has is NOSCRIPT in the server's own words, and others notice nothing`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      let client = try lab.connect()
      let digest = String(repeating: "0", count: 40)
      let unknown = RESPValue.error("NOSCRIPT No matching script. Please use EVAL.")
      try expectEqual(try client.call("EVALSHA_RO", digest, "0"), unknown)
      try expectEqual(
        try client.pipeline([["EVALSHA_RO", digest, "0"], ["ECHO", "e"], ["EVALSHA", digest, "0"], ["GET", "none"]]),
        [unknown, .bulk("e"), unknown, .nullBulk])
      // A flush reaches the replicas as well.
      let loaded = try client.call("SCRIPT", "LOAD", "return 1").text ?? ""
      try expectEqual(try client.call("EVALSHA_RO", loaded, "0"), .integer(1))
      try expectEqual(try client.call("SCRIPT", "FLUSH"), .simple("OK"))
      for _ in 0..<20 { try expectEqual(try client.call("EVALSHA_RO", loaded, "0"), unknown) }
      try bystanders.stop()
    }
  }

  /// As clients do that run scripts by digest: when it is not known, they send the script once.
  @Test func `a script that nobody had is known everywhere once it was sent`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let digest = "7f923f79fe76194c868d7e1d0820de36700eb649"  // return 2
      let unknown = RESPValue.error("NOSCRIPT No matching script. Please use EVAL.")
      for _ in 0..<3 {
        try expectEqual(try client.call("EVALSHA_RO", digest, "0"), unknown)
        let loads = try lab.redis.calls(of: "script|load") {
          for _ in 0..<20 { try expectEqual(try client.call("EVAL_RO", "return 2", "0"), .integer(2)) }
        }
        try check(loads.allSatisfy { $0 <= 1 }, "each node is told once: \(loads)")
        let calls = try lab.redis.calls(of: "evalsha_ro") {
          for _ in 0..<20 { try expectEqual(try client.call("EVALSHA_RO", digest, "0"), .integer(2)) }
        }
        try expectEqual(calls[0], 0)
        try expectEqual(try client.call("EVALSHA", digest, "0"), .integer(2))
        try expectEqual(try client.call("SCRIPT", "FLUSH"), .simple("OK"))
      }
    }
  }

  @Test func `each of several scripts is made known once`() throws {
    try withLab { lab in
      let client = try lab.connect()
      _ = try client.call("EVALSHA_RO", String(repeating: "0", count: 40), "0")
      let loads = try lab.redis.calls(of: "script|load") {
        for round in 0..<50 {
          for word in 0..<4 {
            try expectEqual(try client.call("EVAL_RO", "return \(word)", "0"), .integer(word), "round \(round)")
          }
        }
      }
      try check(loads.allSatisfy { $0 <= 4 } && loads.max() == 4, "\(loads)")
      // Of one server it is not known either.
      let wrong = try lab.redis.calls(of: "script|load") {
        for keys in ["-1", "x", "1", ""] { try check(try client.call("EVAL_RO", "return 5", keys).isError, keys) }
        _ = try client.call("EVAL_RO", "return 6")
        for _ in 0..<10 { try expectEqual(try client.call("GET", "none"), .nullBulk) }
      }
      try expectEqual(wrong, [0, 0, 0])
    }
  }

  @Test func `a script that may write is refused in the read-only form in the primary's words`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let library = "#!lua name=l\nredis.register_function('count', function(k) return redis.call('INCR', k[1]) end)"
      try lab.redis.seed([["FUNCTION", "LOAD", library]])
      for words in [["FCALL_RO", "count", "1", "n"], ["EVAL_RO", "#!lua\nreturn 1", "0"]] {
        for _ in 0..<3 { try expectEqual(try client.call(words), try lab.primary.call(words)) }
        try expectEqual(
          try client.pipeline([["EXISTS", "n"], words, ["EXISTS", "n"]]),
          [.integer(0), try lab.primary.call(words), .integer(0)])
      }
    }
  }

  /// Each client has a script of its own, which the replicas lose all the time.
  @Test(arguments: [1, 2])
  func `scripts that replicas lose while many use them`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      let bystanders = try Bystanders(lab)
      let service = lab.service
      let users = Crew(4) { index, shift in
        let client = try service.connect()
        let digest = try client.call("SCRIPT", "LOAD", "return 'of \(index)'").text ?? ""
        var round = 0
        while !shift.isOver {
          round += 1
          try expectEqual(
            try client.pipeline([
              ["EVALSHA_RO", digest, "0"], ["SET", "u:\(index)", "\(round)"], ["EVALSHA_RO", digest, "0"],
              ["GET", "u:\(index)"], ["ECHO", "\(round)"], ["EVALSHA_RO", digest, "1", "u:\(index)"],
            ]),
            [
              .bulk("of \(index)"), .simple("OK"), .bulk("of \(index)"), .bulk("\(round)"), .bulk("\(round)"),
              .bulk("of \(index)"),
            ])
        }
      }
      for round in 0..<20 {
        try lab.replicas[round % 2].call("SCRIPT", "FLUSH", round % 3 == 0 ? "SYNC" : "ASYNC")
        try bystanders.goOn(30)
        if let error = users.errors.first { throw error }
      }
      try users.stop()
      try bystanders.stop()
    }
  }

  @Test func `without a primary, NOSCRIPT is the client's to know, and it helps itself`() throws {
    try withLab(flags: ["--failover-hold", "0s"]) { lab in
      let client = try lab.connect()
      lab.primary.kill()
      // Not by a write: one that left before that is noticed has to be seen by whatever names no keys.
      try eventually("the primary is known to be gone") {
        try client.call("DBSIZE").errorText?.hasPrefix("AMBDOWN") == true
      }
      let digest = "e0e1f9fabfc9d4800c877a703b823ac0578ff8db"  // return 1
      try expectEqual(
        try client.call("EVALSHA_RO", digest, "0"), .error("NOSCRIPT No matching script. Please use EVAL."))
      try expectEqual(try client.call("EVAL_RO", "return 1", "0"), .integer(1))
      let write = try client.call("SET", "x", "y")
      try check(write.errorText?.hasPrefix("AMBDOWN") == true, "\(write)")
    }
  }

  /// One that runs for ever holds up its own connection, on which everything else is shared.
  @Test(arguments: [0, 3])
  func `SCRIPT KILL ends a script that runs on the primary`(database: Int) throws {
    try withLab(options: ["--busy-reply-threshold", "2500"]) { lab in
      let (runner, killer) = (try lab.connect(), try lab.connect())
      for client in [runner, killer] { try client.call("SELECT", "\(database)") }
      try expectEqual(
        try killer.call("SCRIPT", "KILL"), .error("NOTBUSY No scripts in execution right now."))
      try runner.send(Request.bytes(["EVAL", "while true do end", "0"]))
      try eventually("it runs, and nothing else does") { lab.service.report.contains("no primary") }
      try eventually("the script is killed") {
        _ = try killer.call("SCRIPT", "KILL")
        runner.patience = .milliseconds(200)
        let reply = try? runner.reply().value
        return reply?.errorText?.contains("Script killed by user") == true
      }
      runner.patience = Deadline.patience
      try expectEqual(try runner.call("ECHO", "on"), .bulk("on"))
      try eventually("writes go on") { try killer.call("SET", "key", "1") == .simple("OK") }
    }
  }

  /// It has an upstream that need not be in the client's database, and nothing else may come there.
  @Test(arguments: [[["PING"]], [["CLIENT", "REPLY", "OFF"]], [["WATCH", "key"]]])
  func `what is sent with SCRIPT KILL is executed in its own database`(before: [[String]]) throws {
    try withLab { lab in
      let client = try lab.connect()
      try client.call("SELECT", "3")
      try client.send(
        Request.bytes(
          pipeline: before + [
            ["SET", "first", "1"], ["SCRIPT", "KILL"], ["SET", "second", "1"], ["MULTI"], ["SET", "third", "1"],
            ["EXEC"], ["FUNCTION", "KILL"], ["SET", "fourth", "1"],
          ]))
      let witness = try lab.primary.connect()
      try witness.call("SELECT", "3")
      try eventually("all are in database 3") {
        try witness.call("EXISTS", "first", "second", "third", "fourth") == .integer(4)
      }
      try expectEqual(try lab.primary.call("DBSIZE"), .integer(0))
    }
  }

  /// Another read is not held up for as long as a replica is busy.
  @Test func `reads go on beside a script that keeps a replica busy`() throws {
    try withLab(options: ["--busy-reply-threshold", "100"]) { lab in
      let bystanders = try Bystanders(lab, echoes: false)
      let runner = try lab.connect()
      try runner.send(Request.bytes(["EVAL_RO", "while true do end", "1", "never written"]))
      try bystanders.goOn(300)
      // One that two nodes are silent about is not tried on a third.
      try check(try lab.primary.calls(of: "eval_ro") == 0, "it runs on the primary")
      // Or given up, where the machine is so slow that two replicas were waited for long enough.
      try eventually("the script is killed") {
        _ = try lab.connect().call("SCRIPT", "KILL")
        runner.patience = .milliseconds(200)
        let text = (try? runner.reply().value)?.errorText ?? ""
        return text.contains("Script killed by user") || text.hasPrefix("AMBDOWN lost ")
      }
      try bystanders.stop()
    }
  }

  /// A long value makes the upstream the client's own, and the script's write is entered when its reply comes.
  @Test func `a transaction behind a script on the same upstream gets its own replies only`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let value = String(repeating: "x", count: 150_000)
      for round in 0..<20 {
        let replies = try client.pipeline([
          ["SET", "long", value], ["EVAL", "return redis.call('incr', KEYS[1])", "1", "n"], ["MULTI"],
          ["RPUSH", "list", "\(round)"], ["EXEC"], ["BLPOP", "list", "1"],
        ])
        try expectEqual(
          replies,
          [
            .simple("OK"), .integer(round + 1), .simple("OK"), .simple("QUEUED"), .array([.integer(1)]),
            .array([.bulk("list"), .bulk("\(round)")]),
          ], "round \(round)")
      }
    }
  }
}
