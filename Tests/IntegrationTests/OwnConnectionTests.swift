import TestSupport
import Testing

/// Commands that would change the connection they run on must never reach one that clients share.
///
/// What becomes of them for the client itself is the matter of other suites.
@Suite(.throughTheAmbassador)
struct OwnConnectionTests {
  private static let commands = [
    ["MULTI"], ["WATCH", "key"], ["SUBSCRIBE", "channel"], ["PSUBSCRIBE", "*"], ["SSUBSCRIBE", "channel"], ["MONITOR"],
    ["BLPOP", "none", "1"], ["BRPOP", "none", "1"], ["BLMOVE", "none", "x", "LEFT", "LEFT", "1"],
    ["BLMPOP", "1", "1", "none", "LEFT"], ["BZPOPMIN", "none", "1"],
    ["XREAD", "BLOCK", "1000", "STREAMS", "none", "0"],
    ["CLIENT", "TRACKING", "ON"], ["WAIT", "9", "100"], ["CLIENT", "NO-EVICT", "ON"], ["CLIENT", "REPLY", "OFF"],
    ["CLIENT", "REPLY", "SKIP"], ["SYNC"],
    ["PSYNC", "?", "-1"], ["REPLCONF", "ACK", "0"], ["SCRIPT", "DEBUG", "YES"],
  ]

  @Test func `whatever becomes of them, other clients notice nothing`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      for round in 0..<5 {
        for command in Self.commands {
          let client = try lab.connect()
          try client.send(Request.bytes(pipeline: [["GET", "none"], command, ["ECHO", "\(round)"]]))
          try expectEqual(try client.reply().value, .nullBulk)
          // Some of them have no reply.
          client.patience = .seconds(1)
          if round % 2 == 0 { _ = try? client.receiveSome() }
          if round % 3 == 0 { client.abort() }
        }
        try bystanders.goOn(50)
      }
      try bystanders.stop()
    }
  }
}
