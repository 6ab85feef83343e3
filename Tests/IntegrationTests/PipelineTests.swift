import TestSupport
import Testing

struct PipelineTests {
  @Test func `a pipeline runs in program order, reads among writes`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try expectEqual(
        try client.pipeline([
          ["SET", "k", "1"], ["GET", "k"], ["INCR", "k"], ["GET", "k"], ["APPEND", "k", "0"], ["STRLEN", "k"],
          ["GET", "other"], ["DEL", "k"], ["EXISTS", "k"], ["GET", "k"], ["RPUSH", "list", "a", "b"],
          ["LRANGE", "list", "0", "-1"], ["LPOP", "list"], ["LLEN", "list"],
        ]),
        [
          .simple("OK"), .bulk("1"), .integer(2), .bulk("2"), .integer(2), .integer(2),
          .nullBulk, .integer(1), .integer(0), .nullBulk, .integer(2),
          .array([.bulk("a"), .bulk("b")]), .bulk("a"), .integer(1),
        ])
    }
  }

  @Test func `replies come in order whatever node they come from`() throws {
    try withLab { lab in
      try lab.redis.seed((0..<100).map { ["SET", "key:\($0)", "value:\($0)"] })
      let client = try lab.connect()
      var commands: [[String]] = []
      var expected: [RESPValue] = []
      for round in 0..<2000 {
        switch round % 5 {
        case 0:
          commands.append(["INCR", "counter"])
          expected.append(.integer(round / 5 + 1))
        case 1:
          commands.append(["ECHO", "echo:\(round)"])
          expected.append(.bulk("echo:\(round)"))
        default:
          commands.append(["GET", "key:\(round % 100)"])
          expected.append(.bulk("value:\(round % 100)"))
        }
      }
      try expectSame(try client.pipeline(commands), expected, commands)
    }
  }

  @Test func `a pipeline sees what it has just written, over and over`() throws {
    try withLab { lab in
      let client = try lab.connect()
      for round in 0..<200 {
        let replies = try client.pipeline([
          ["GET", "seen"], ["SET", "seen", "\(round)"], ["GET", "seen"], ["MGET", "seen", "none"], ["STRLEN", "seen"],
        ])
        try expectEqual(
          Array(replies.dropFirst()),
          [.simple("OK"), .bulk("\(round)"), .array([.bulk("\(round)"), .nullBulk]), .integer("\(round)".count)],
          "round \(round)")
      }
    }
  }

  /// Longer than anything reads at once: where TCP cuts it must make no difference.
  @Test func `a long pipeline in pieces sees what it has just written`() throws {
    try withLab { lab in
      let client = try lab.connect()
      var commands: [[String]] = []
      var expected: [RESPValue] = []
      for round in 0..<2000 {
        let key = "seen:\(round % 10)"
        commands += [["SET", key, "\(round)"], ["ECHO", "padding"], ["GET", key]]
        expected += [.simple("OK"), .bulk("padding"), .bulk("\(round)")]
      }
      let bytes = Request.bytes(pipeline: commands)
      let sender = Crew(1) { _, _ in
        for start in stride(from: 0, to: bytes.count, by: 997) {
          try client.send(Array(bytes[start..<min(start + 997, bytes.count)]))
        }
      }
      try expectSame(try client.replies(commands.count), expected, commands)
      try sender.finish()
    }
  }

  @Test func `10,000 commands in one pipeline`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let commands = (0..<10_000).map { ["SET", "key:\($0)", "value:\($0)"] }
      try check(try client.pipeline(commands).allSatisfy { $0 == .simple("OK") }, "all OK")
      try lab.redis.settle()
      let reads = (0..<10_000).map { ["GET", "key:\($0)"] }
      try expectSame(try client.pipeline(reads), (0..<10_000).map { .bulk("value:\($0)") }, reads)
    }
  }

  @Test func `10,000 GETs of 1 KiB, all sent before the first reply is read`() throws {
    try withLab { lab in
      let value = { (index: Int) in String(repeating: "\(index % 10)", count: 1000) + "\(index % 100)" }
      try lab.redis.seed((0..<100).map { ["SET", "key:\($0)", value($0)] })
      let client = try lab.connect()
      let reads = (0..<10_000).map { ["GET", "key:\($0 % 100)"] }
      try client.send(Request.bytes(pipeline: reads))
      let neighbour = try lab.connect()
      try expectEqual(try neighbour.call("GET", "key:7"), .bulk(value(7)), "a neighbour meanwhile")
      try expectSame(try client.replies(10_000), (0..<10_000).map { .bulk(value($0 % 100)) }, reads)
    }
  }

  @Test func `inline commands, alone and among others`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try client.send("PING\r\n")
      try expectEqual(try client.reply().value, .simple("PONG"))
      try client.send("SET inline \"a \\x41\\n b\"\r\nGET inline\nECHO 'it''s'\r\n\r\n  PING  \r\n")
      let bare = try lab.primary.connect()
      try bare.send("SET inline \"a \\x41\\n b\"\r\nGET inline\nECHO 'it''s'\r\n\r\n  PING  \r\n")
      for _ in 0..<3 { try expectEqual(try client.reply().bytes.printable, try bare.reply().bytes.printable) }
      client.close()
      let mixed = try lab.connect()
      try mixed.send("ECHO one\r\n*2\r\n$4\r\nECHO\r\n$3\r\ntwo\r\nECHO three\r\n*1\r\n$4\r\nPING\r\n")
      try expectEqual(
        try mixed.replies(4), [.bulk("one"), .bulk("two"), .bulk("three"), .simple("PONG")])
    }
  }

  /// Whatever a redis-server makes of half a connection, all that was asked before is done.
  @Test func `a client that will send no more still gets its replies`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      try client.send(Request.bytes(pipeline: [["INCR", "counter"], ["GET", "key"]]))
      try expectEqual(try client.replies(2), [.integer(1), .bulk("value")])
      client.halfClose()
      try expectEqual(try client.bytesUntilClosed(), [])
    }
  }

  @Test func `a client that says at once that it will send no more gets its replies, then the end`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      for _ in 0..<20 {
        let client = try lab.connect()
        try client.send(Request.bytes(["GET", "key"]))
        client.halfClose()
        try expectEqual(String(decoding: try client.bytesUntilClosed(), as: UTF8.self), "$5\r\nvalue\r\n")
      }
    }
  }
}

/// Points at the first reply that is wrong, among thousands.
func expectSame(_ replies: [RESPValue], _ expected: [RESPValue], _ commands: [[String]]) throws {
  for index in expected.indices where index >= replies.count || replies[index] != expected[index] {
    let got = index < replies.count ? "\(replies[index])" : "nothing"
    throw Failure("reply \(index), to \(commands[index]): got \(got), expected \(expected[index])")
  }
  try expectEqual(replies.count, expected.count, "replies")
}
