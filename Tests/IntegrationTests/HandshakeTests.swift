import TestSupport
import Testing

/// What client libraries say before they do anything else, and what they say when they leave.
struct HandshakeTests {
  @Test func `PING and ECHO answer`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try expectEqual(try client.call("PING"), .simple("PONG"))
      try expectEqual(try client.call("ping", "hello"), .bulk("hello"))
      try expectEqual(try client.call("ECHO", "to be or not"), .bulk("to be or not"))
    }
  }

  @Test(arguments: [2, 3])
  func `HELLO describes the server as Redis does`(version: Int) throws {
    try withLab { lab in
      let client = try lab.connect()
      let bare = try lab.primary.connect()
      let fields = try hello(client, "\(version)")
      let expected = try hello(bare, "\(version)")
      try expectEqual(fields.map(\.name), expected.map(\.name), "fields")
      for (field, truth) in zip(fields, expected) where field.name != "id" {
        try expectEqual(field.value, truth.value, "field \(field.name)")
      }
    }
  }

  @Test func `HELLO without a version keeps the protocol`() throws {
    try withLab { lab in
      let client = try lab.connect()
      guard case .array = try client.call("HELLO") else { throw Failure("not RESP2") }
      try client.call("HELLO", "3")
      guard case .map = try client.call("HELLO") else { throw Failure("not RESP3") }
      try expectEqual(try client.call("GET", "none"), .null)
      try client.call("HELLO", "2")
      try expectEqual(try client.call("GET", "none"), .nullBulk)
    }
  }

  @Test func `a HELLO that is wrong is refused in the server's words`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let bare = try lab.primary.connect()
      for line in [
        ["HELLO", "4"], ["HELLO", "1"], ["HELLO", "abc"], ["HELLO", "3", "NOSUCH"], ["HELLO", "3", "SETNAME"],
        ["HELLO", "3", "SETNAME", "a b"],
      ] {
        try expectEqual(try client.call(line), try bare.call(line), "\(line)")
        try expectEqual(try client.call("GET", "none"), .nullBulk, "still RESP2 after \(line)")
      }
    }
  }

  @Test func `a name belongs to its client`() throws {
    try withLab { lab in
      let first = try lab.connect()
      let second = try lab.connect()
      try expectEqual(try first.call("CLIENT", "GETNAME"), .nullBulk)
      try expectEqual(try first.call("CLIENT", "SETNAME", "first"), .simple("OK"))
      try expectFine(second, "HELLO", "3", "SETNAME", "second")
      try expectEqual(try first.call("CLIENT", "GETNAME"), .bulk("first"))
      try expectEqual(try second.call("client", "getname"), .bulk("second"))
      let bare = try lab.primary.call("CLIENT", "SETNAME", "a b")
      try expectEqual(try first.call("CLIENT", "SETNAME", "a b"), bare)
      try expectEqual(try first.call("CLIENT", "GETNAME"), .bulk("first"))
      try expectEqual(try first.call("CLIENT", "SETNAME", ""), .simple("OK"))
      try expectEqual(try first.call("CLIENT", "GETNAME"), .nullBulk)
    }
  }

  @Test func `CLIENT SETINFO is accepted or unknown, as on a server with or without it`() throws {
    try withLab { lab in
      let client = try lab.connect()
      for line in [["CLIENT", "SETINFO", "LIB-NAME", "lab"], ["CLIENT", "SETINFO", "LIB-VER", "1.0"]] {
        let reply = try client.call(line)
        let unknown = reply.errorText?.lowercased().contains("unknown subcommand") ?? false
        try check(reply == .simple("OK") || unknown, "\(line): \(reply)")
      }
      try expectEqual(try client.call("PING"), .simple("PONG"))
    }
  }

  @Test func `CLIENT ID stays the same and is nobody else's`() throws {
    try withLab { lab in
      let clients = try (0..<20).map { _ in try lab.connect() }
      let identities = try clients.map { try $0.call("CLIENT", "ID") }
      for identity in identities { guard case .integer = identity else { throw Failure("CLIENT ID: \(identity)") } }
      try check(Set(identities.map(\.description)).count == clients.count, "ids: \(identities)")
      try expectEqual(try clients.map { try $0.call("CLIENT", "ID") }, identities)
    }
  }

  @Test func `SELECT 0 is fine and a database that cannot be is refused`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let bare = try lab.primary.connect()
      for line in [["SELECT", "0"], ["SELECT", "99"], ["SELECT", "-1"], ["SELECT", "abc"], ["SELECT"]] {
        try expectEqual(try client.call(line), try bare.call(line), "\(line)")
      }
      try lab.redis.seed([["SET", "key", "value"]])
      try expectEqual(try client.call("GET", "key"), .bulk("value"))
    }
  }

  @Test func `QUIT is answered after everything before it, and closes`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      try client.send(Request.bytes(pipeline: [["INCR", "counter"], ["GET", "key"], ["QUIT"]]))
      try expectEqual(try client.bytesUntilClosed().printable, Array(":1\r\n$5\r\nvalue\r\n+OK\r\n".utf8).printable)
    }
  }

  @Test func `RESET forgets the name and the protocol`() throws {
    try withLab { lab in
      let client = try lab.connect()
      try expectFine(client, "HELLO", "3", "SETNAME", "name")
      try expectEqual(try client.call("GET", "none"), .null)
      try expectEqual(try client.call("RESET"), .simple("RESET"))
      try expectEqual(try client.call("GET", "none"), .nullBulk)
      try expectEqual(try client.call("CLIENT", "GETNAME"), .nullBulk)
    }
  }

  @Test func `clients of both protocols live side by side`() throws {
    try withLab { lab in
      try lab.redis.seed([["HSET", "hash", "field", "value"], ["ZADD", "zset", "1.5", "a"]])
      try concurrently(8) { index in
        let client = try lab.connect()
        if index % 2 == 1 { try client.call("HELLO", "3") }
        for _ in 0..<100 {
          let hash = try client.call("HGETALL", "hash")
          let pair = [RESPValue.bulk("field"), .bulk("value")]
          try expectEqual(hash, index % 2 == 1 ? .map(pair) : .array(pair))
          let score = try client.call("ZSCORE", "zset", "a")
          try expectEqual(score, index % 2 == 1 ? .double("1.5") : .bulk("1.5"))
        }
      }
    }
  }

  private func expectFine(_ client: RESPClient, _ line: String...) throws {
    let reply = try client.call(line)
    try check(!reply.isError, "\(line): \(reply)")
  }

  private func hello(_ client: RESPClient, _ version: String) throws -> [(name: String, value: RESPValue)] {
    let reply = try client.call("HELLO", version)
    guard let items = reply.elements, items.count.isMultiple(of: 2) else { throw Failure("HELLO: \(reply)") }
    return stride(from: 0, to: items.count, by: 2).map { (items[$0].text ?? "?", items[$0 + 1]) }
  }
}
