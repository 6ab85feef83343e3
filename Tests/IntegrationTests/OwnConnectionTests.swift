import TestSupport
import Testing

/// Commands that would change the connection they run on must never reach one that clients share.
///
/// Until sessions are there they are refused; the test that says so goes when that changes, the other one stays.
@Suite(.throughTheAmbassador)
struct OwnConnectionTests {
  private static let commands = [
    ["MULTI"], ["WATCH", "key"], ["SUBSCRIBE", "channel"], ["PSUBSCRIBE", "*"], ["SSUBSCRIBE", "channel"], ["MONITOR"],
    ["BLPOP", "none", "1"], ["BRPOP", "none", "1"], ["BLMOVE", "none", "x", "LEFT", "LEFT", "1"],
    ["BLMPOP", "1", "1", "none", "LEFT"], ["BZPOPMIN", "none", "1"],
    ["XREAD", "BLOCK", "1000", "STREAMS", "none", "0"],
    ["CLIENT", "TRACKING", "ON"], ["CLIENT", "REPLY", "OFF"], ["CLIENT", "REPLY", "SKIP"], ["SYNC"],
    ["PSYNC", "?", "-1"], ["REPLCONF", "ACK", "0"], ["SCRIPT", "DEBUG", "YES"],
  ]

  @Test func `until there are sessions they get an error, and the client goes on`() throws {
    try withLab { lab in
      let client = try lab.connect()
      for command in Self.commands {
        let reply = try client.call(command)
        try check(reply.isError, "\(command): \(reply)")
        try expectEqual(try client.call("ECHO", "still here"), .bulk("still here"), "after \(command)")
      }
    }
  }

  @Test func `whatever becomes of them, other clients notice nothing`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      for round in 0..<5 {
        for command in Self.commands {
          let client = try lab.connect()
          try client.send(Request.bytes(pipeline: [["GET", "none"], command, ["ECHO", "\(round)"]]))
          try expectEqual(try client.reply().value, .nullBulk)
          if round % 2 == 0 { _ = try? client.receiveSome() }
          if round % 3 == 0 { client.abort() }
        }
        try bystanders.goOn(50)
      }
      try bystanders.stop()
    }
  }
}
