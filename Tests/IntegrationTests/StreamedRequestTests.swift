import TestSupport
import Testing

/// Requests that are too long to be kept pass through piece by piece; whatever happens between two pieces.
@Suite(.throughTheAmbassador)
struct StreamedRequestTests {
  @Test func `a server that refuses one by its header: its words, and the client goes on`() throws {
    try withLab(replicas: 0, options: ["--proto-max-bulk-len", "1mb"]) { lab in
      let client = try lab.connect()
      for _ in 0..<3 {
        try client.send("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3000000\r\n")
        try client.send([UInt8](repeating: 120, count: 300_000))
        let reply = try client.reply().value
        try check(reply.isError, "a value that is too long for the server: \(reply)")
        pause(.milliseconds(100))
        for _ in 0..<27 { try client.send([UInt8](repeating: 120, count: 100_000)) }
        try client.send("\r\n")
        try expectEqual(try client.call("ECHO", "still here"), .bulk("still here"))
        // And one that leaves instead of sending the rest.
        let quitter = try lab.connect()
        try quitter.send("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3000000\r\n")
        try quitter.send([UInt8](repeating: 120, count: 300_000))
        try check(try quitter.reply().value.isError, "a value that is too long for the server")
        pause(.milliseconds(100))
        quitter.close()
      }
      try expectEqual(try client.call("SET", "key", "value"), .simple("OK"))
    }
  }

  @Test(arguments: [false, true])
  func `a long one that looks like HTTP closes the connection without a word`(inTransaction: Bool) throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      if inTransaction { try client.call("MULTI") }
      try client.send("*2\r\n$4\r\nPOST\r\n$3000000\r\n")
      try expectEqual(try client.bytesUntilClosed(), [])
    }
  }

  @Test func `a command with a name of 64 MiB is not held`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.send("*2\r\n$\(64 << 20)\r\n")
      for _ in 0..<64 { try client.send([UInt8](repeating: 110, count: 1 << 20)) }
      try client.send("\r\n$1\r\na\r\n")
      let reply = try client.reply().value
      try check(reply.errorText?.hasPrefix("ERR unknown command 'nnn") == true, "\(reply)")
      try expectEqual(try client.call("SET", "key", "value"), .simple("OK"))
      try expectPeak(of: lab, below: 48 << 20)
    }
  }

  @Test(arguments: [100_000, 1_000_000])
  func `a client that pauses in the middle of one, or of one that is kept, is waited for`(piece: Int) throws {
    try withLab(replicas: 0, flags: ["--upstream-timeout", "300ms"]) { lab in
      let client = try lab.connect()
      try client.send("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$\(4 * piece)\r\n")
      for _ in 0..<4 {
        try client.send([UInt8](repeating: 120, count: piece))
        pause(.milliseconds(1000))
      }
      try client.send("\r\n")
      try expectEqual(try client.reply().value, .simple("OK"))
    }
  }

  @Test func `a primary that pauses in the middle of one is waited for`() throws {
    try withLab(replicas: 0, flags: ["--upstream-timeout", "300ms"]) { lab in
      let client = try lab.connect()
      // The first one leaves an upstream behind, so that the second does not wait for one.
      let first = BigValue(size: 1 << 20)
      try first.set("key", through: client)
      try expectEqual(try client.reply().value, .simple("OK"))
      let value = BigValue(size: 64 << 20)
      let thaw = Crew(1) { _, _ in
        pause(.milliseconds(1000))
        lab.primary.thaw()
      }
      lab.primary.freeze()
      try value.set("key", through: client)
      try expectEqual(try client.reply().value, .simple("OK"))
      try thaw.finish()
      try expectEqual(try lab.primary.call("STRLEN", "key"), .integer(64 << 20))
    }
  }

  @Test func `one is sent at once after large replies`() throws {
    try withLab(replicas: 0) { lab in
      try lab.redis.seed([["SET", "large", String(repeating: "large ", count: 200_000)]])
      let value = BigValue(size: 1 << 20)
      for round in 0..<3 {
        let readers = try (0..<4).map { _ in try lab.connect() }
        for reader in readers { try reader.send(Request.bytes(["GET", "large"])) }
        for reader in readers { try check(try reader.reply().value.text != nil, "the large value") }
        let client = try lab.connect(patience: .seconds(5))
        try value.set("key:\(round)", through: client)
        try expectEqual(try client.reply().value, .simple("OK"))
      }
    }
  }
}
