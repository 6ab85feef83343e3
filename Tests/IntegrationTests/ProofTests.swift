import TestSupport
import Testing

/// What stands in the way of proofs, and what they are no proof of.
@Suite(.throughTheAmbassador)
struct ProofTests {
  /// The reply in front of its proof may take hours to be read: everybody else's writes must not wait for that.
  @Test(arguments: [false, true])
  func `a client that does not read holds up nobody's proofs`(writesBehind: Bool) throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "big", String(repeating: "x", count: 30_000_000)]])
      let (slow, client) = (try lab.connect(receiveBuffer: 4096), try lab.connect())
      var commands = [["SET", "mine", "1"], ["GET", "big"]]
      if writesBehind { commands += [["SET", "mine", "2"], ["GET", "mine"]] }
      try slow.send(Request.bytes(pipeline: commands))
      try expectEqual(try slow.reply().value, .simple("OK"))
      pause(.milliseconds(200))
      for version in 0..<3 {
        try expectEqual(try client.call("SET", "key", "\(version)"), .simple("OK"))
        try eventually("the key is read from a replica") {
          try lab.redis.calls(of: "get") { try expectEqual(try client.call("GET", "key"), .bulk("\(version)")) }[0] == 0
        }
      }
      try expectEqual(try slow.reply().value.text?.utf8.count, 30_000_000)
      guard writesBehind else { return }
      try expectEqual(try slow.replies(2), [.simple("OK"), .bulk("2")])
      try eventually("what was behind it is read from a replica") {
        try lab.redis.calls(of: "get") { try expectEqual(try client.call("GET", "mine"), .bulk("2")) }[0] == 0
      }
    }
  }

  /// Executed while nobody read, and acknowledged long after later writes were proven.
  @Test func `what is acknowledged late is seen`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "big", String(repeating: "x", count: 30_000_000)]])
      for round in 0..<5 {
        let (slow, client) = (try lab.connect(receiveBuffer: 4096), try lab.connect())
        try slow.send(Request.bytes(pipeline: [["GET", "big"], ["SET", "w", "a"], ["SET", "mine", "\(round)"]]))
        pause(.milliseconds(100))
        for relay in lab.redis.relays { relay.hold() }
        try expectEqual(try client.call("SET", "key", "value"), .simple("OK"))
        pause(.milliseconds(50))
        _ = try slow.replies(3)
        try expectEqual(try client.pipeline([["GET", "none"], ["GET", "mine"]]), [.nullBulk, .bulk("\(round)")])
        for relay in lab.redis.relays { relay.release() }
      }
    }
  }
}
