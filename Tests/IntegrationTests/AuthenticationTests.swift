import TestSupport
import Testing

/// Users are the server's: it is asked, and its own rules hold for what they send.
struct AuthenticationTests {
  private static let users: [[String]] = [
    ["ACL", "SETUSER", "writer", "on", ">w-secret", "~*", "&*", "+@all"],
    [
      "ACL", "SETUSER", "reader", "on", ">r-secret", "~*", "&*", "+@read", "+ping", "+info", "+hello", "+client",
      "+select",
    ],
    ["ACL", "SETUSER", "off", "off", ">secret", "~*", "+@all"],
  ]

  private func withUsers(flags: [String] = [], _ body: (Lab) throws -> Void) throws {
    try withLab(flags: flags) { lab in
      for node in lab.redis.nodes {
        let client = try node.connect()
        for user in Self.users { try expectEqual(try client.call(user), .simple("OK")) }
      }
      try lab.redis.seed([["SET", "key", "value"]])
      try body(lab)
    }
  }

  @Test(arguments: [2, 3])
  func `a user's own rights hold, for writes and for reads on replicas`(protocolVersion: Int) throws {
    try withUsers { lab in
      let (reader, writer, other) = (try lab.connect(), try lab.connect(), try lab.connect())
      if protocolVersion == 3 { for client in [reader, writer] { _ = try client.call("HELLO", "3") } }
      try expectEqual(try reader.call("AUTH", "reader", "r-secret"), .simple("OK"))
      try expectEqual(try writer.call("AUTH", "writer", "w-secret"), .simple("OK"))
      try expectEqual(try writer.call("SET", "key", "new"), .simple("OK"))
      for _ in 0..<20 { try expectEqual(try reader.call("GET", "key"), .bulk("new")) }
      let refused = try reader.call("SET", "key", "x")
      try check(refused.errorText?.hasPrefix("NOPERM") == true, "\(refused)")
      let pipeline = try reader.pipeline([["GET", "key"], ["DEL", "key"], ["GET", "key"]])
      try expectEqual(pipeline[0], .bulk("new"))
      try check(pipeline[1].errorText?.hasPrefix("NOPERM") == true, "\(pipeline[1])")
      try expectEqual(pipeline[2], .bulk("new"))
      try expectEqual(try other.call("SET", "key", "theirs"), .simple("OK"))
      // Transactions and databases are the user's as well.
      try expectEqual(try writer.call("SELECT", "2"), .simple("OK"))
      try expectEqual(try writer.call("MULTI"), .simple("OK"))
      try expectEqual(try writer.call("ACL", "WHOAMI"), .simple("QUEUED"))
      try expectEqual(try writer.call("EXEC"), .array([.bulk("writer")]))
      try expectEqual(try writer.call("ACL", "WHOAMI"), .bulk("writer"))
      try expectEqual(try writer.call("RESET"), .simple("RESET"))
      try expectEqual(try writer.call("ACL", "WHOAMI"), .bulk("default"))
    }
  }

  @Test func `what the server refuses is refused in its own words, and nothing changes`() throws {
    try withUsers { lab in
      let (client, direct) = (try lab.connect(), try lab.primary.connect())
      for words in [
        ["AUTH", "nobody", "x"], ["AUTH", "reader", "wrong"], ["AUTH", "off", "secret"], ["AUTH", "x"],
        ["AUTH", "a", "b", "c"], ["AUTH"], ["HELLO", "3", "AUTH", "reader", "wrong"], ["HELLO", "3", "AUTH", "reader"],
        ["HELLO", "4", "AUTH", "reader", "r-secret"],
      ] {
        try expectEqual(try client.call(words), try direct.call(words), "\(words)")
        try expectEqual(try client.call("ACL", "WHOAMI"), .bulk("default"), "after \(words)")
      }
      try expectEqual(try client.call("AUTH", "reader", "r-secret"), .simple("OK"))
      try expectEqual(try client.call("AUTH", "writer", "wrong"), try direct.call("AUTH", "writer", "wrong"))
      let refused = try client.call("SET", "key", "x")
      try check(refused.errorText?.hasPrefix("NOPERM") == true, "still the reader: \(refused)")
    }
  }

  @Test func `HELLO with AUTH and SETNAME`() throws {
    try withUsers { lab in
      let client = try lab.connect()
      let hello = try client.call("HELLO", "3", "AUTH", "writer", "w-secret", "SETNAME", "me")
      try check(!hello.isError, "\(hello)")
      try expectEqual(try client.call("GET", "none"), .null, "RESP3")
      try expectEqual(try client.call("ACL", "WHOAMI"), .bulk("writer"))
      try expectEqual(try client.call("CLIENT", "GETNAME"), .bulk("me"))
    }
  }

  @Test func `clients are listed and killed by the names of their users`() throws {
    try withUsers { lab in
      let (reader, writer, other) = (try lab.connect(), try lab.connect(), try lab.connect())
      try reader.call("AUTH", "reader", "r-secret")
      try writer.call("HELLO", "2", "AUTH", "writer", "w-secret")
      let names = try other.call("CLIENT", "LIST").text?.split(separator: " ").filter { $0.hasPrefix("user=") } ?? []
      try expectEqual(names.map { $0.dropFirst(5) }.filter { $0 != "default" }.sorted(), ["reader", "writer"])
      try expectEqual(try other.call("CLIENT", "KILL", "USER", "reader"), .integer(1))
      try expectEqual(try reader.bytesUntilClosed(), [])
      try expectEqual(try writer.call("ACL", "WHOAMI"), .bulk("writer"))
      // One that the server knows, and one that it does not.
      try expectEqual(try other.call("CLIENT", "KILL", "USER", "off"), .integer(0))
      try expectEqual(
        try other.call("CLIENT", "KILL", "USER", "nobody").errorText,
        try lab.primary.call("CLIENT", "KILL", "USER", "nobody").errorText)
    }
  }

  @Test func `many clients of several users at once never get each other's rights`() throws {
    try withUsers(flags: ["--threads", "2"]) { lab in
      try concurrently(12) { index in
        for round in 0..<15 {
          let client = try lab.connect()
          let user = ["writer", "reader", "default"][(index + round) % 3]
          if user != "default" {
            try expectEqual(try client.call("AUTH", user, user == "writer" ? "w-secret" : "r-secret"), .simple("OK"))
          }
          let reply = try client.call("SET", "mine:\(index)", "\(round)")
          if user == "reader" {
            try check(reply.errorText?.hasPrefix("NOPERM") == true, "\(reply)")
          } else {
            try expectEqual(reply, .simple("OK"))
            try expectEqual(try client.call("GET", "mine:\(index)"), .bulk("\(round)"))
          }
        }
      }
    }
  }

  @Test(.throughTheAmbassador)
  func `a listener that requires authentication`() throws {
    let redis = try RedisGroup(replicas: 0)
    for user in Self.users { _ = try redis.primary.connect().call(user) }
    let directory = try TemporaryDirectory()
    let port = try PortLease().port
    let file = try directory.write(
      """
      listen: [{address: 127.0.0.1:\(port), require-auth: true}]
      topology: {static: {primary: "\(redis.primary.address)"}}
      """, to: "redis-amb.yaml")
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "run", "--config", file], output: directory.file("log"))
    defer { process.terminate() }
    var found: RESPClient?
    try eventually("it listens") {
      found = try RESPClient(port: port)
      return true
    }
    guard let client = found else { return }
    for words in [["SET", "key", "x"], ["GET", "key"], ["PING"], ["MULTI"], ["SUBSCRIBE", "c"], ["SELECT", "1"]] {
      try expectEqual(try client.call(words).errorText, "NOAUTH Authentication required.", "\(words)")
    }
    try check(try client.call("HELLO", "3").errorText?.hasPrefix("NOAUTH HELLO must be called") == true, "HELLO")
    try expectEqual(try client.call("AUTH", "writer", "w-secret"), .simple("OK"))
    try expectEqual(try client.call("SET", "key", "x"), .simple("OK"))
    try expectEqual(try client.call("RESET"), .simple("RESET"))
    try expectEqual(try client.call("GET", "key").errorText, "NOAUTH Authentication required.")
    for words in [["AUTH", "nobody", "x"], ["HELLO", "3", "AUTH", "nobody", "x"]] {
      // Sent before that is answered, and before it can be known that it is wrong.
      let large = ["SET", "key", String(repeating: "x", count: 10_000)]
      let replies = try client.pipeline([words, ["SET", "key", "stolen"], ["MULTI"], ["GET", "key"], large, ["EXEC"]])
      try check(replies[0].errorText?.hasPrefix("WRONGPASS") == true, "\(replies)")
      try check(
        replies[1...].allSatisfy { $0.errorText?.hasSuffix("NOAUTH Authentication required.") == true }, "\(replies)")
    }
    try expectEqual(try redis.primary.call("GET", "key"), .bulk("x"))
    let many = ["MSET"] + (0..<12).map { "\($0)" }
    try expectEqual(
      try client.pipeline([["AUTH", "writer", "w-secret"], many, ["AUTH", "x", "y"], ["GET", "key"], ["RESET"]]).map(
        \.isError),
      [false, false, true, false, false])
    try client.send("MSET 1 2 3 4 5 6 7 8 9 10 11 12\r\n")
    try expectEqual(try client.reply().value.errorText, "NOAUTH Authentication required.", "a line")
    // The server says first whether there is such a command.
    for words in [["NOSUCH", "a", "b c"], ["CLIENT", "NOSUCH"], ["CLIENT"], ["GET"]] {
      try expectEqual(try client.call(words), try redis.primary.call(words), "\(words)")
    }
    // As redis-server does with those who have not introduced themselves.
    try client.send("*11\r\n")
    let rest = String(decoding: try client.bytesUntilClosed(), as: UTF8.self)
    try check(rest.hasPrefix("-ERR Protocol error: unauthenticated multibulk length"), rest)
  }
}
