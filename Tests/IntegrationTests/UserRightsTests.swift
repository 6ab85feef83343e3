import TestSupport
import Testing

/// What a user may do is the server's to say, also where the ambassador answers, where it connects, and where a replica
/// knows less than the primary.
struct UserRightsTests {
  private func user(_ name: String, _ rights: String...) -> [String] {
    ["ACL", "SETUSER", name, "reset", "on", ">secret", "~*", "&*"] + rights
  }

  private func connect(_ lab: Lab, as name: String) throws -> RESPClient {
    let client = try lab.connect()
    try expectEqual(try client.call("AUTH", name, "secret"), .simple("OK"))
    return client
  }

  /// How often these have said NOPERM.
  private func refusals(of nodes: [RedisServer]) throws -> Int {
    try nodes.reduce(0) { sum, node in
      let count = try node.info("errorstats")["errorstat_NOPERM"]?.split(separator: "=").last
      return sum + (count.flatMap { Int($0) } ?? 0)
    }
  }

  private static let answeredHere: [[String]] = [
    ["PING"], ["PING", "x"], ["ECHO", "x"], ["SELECT", "1"], ["SELECT", "99"], ["CLIENT", "ID"], ["CLIENT", "INFO"],
    ["CLIENT", "LIST"], ["CLIENT", "KILL", "ID", "12345"], ["CLIENT", "KILL", "nobody"],
    ["CLIENT", "UNBLOCK", "12345"], ["CLIENT", "SETNAME", "x"], ["CLIENT", "GETNAME"],
    ["CLIENT", "REPLY", "ON"], ["CLIENT", "REPLY", "OFF"], ["ECHO"], ["CLIENT", "KILL"], ["CLIENT", "NOSUCH"],
  ]

  @Test(arguments: [2, 3])
  func `commands that are answered here are refused to whom the server refuses them`(protocolVersion: Int) throws {
    try withLab { lab in
      for node in lab.redis.nodes { try node.call(user("narrow", "+get", "+subscribe")) }
      let (client, bare) = (try connect(lab, as: "narrow"), try lab.primary.connect())
      try expectEqual(try bare.call("AUTH", "narrow", "secret"), .simple("OK"))
      if protocolVersion == 3 { for one in [client, bare] { try one.call("HELLO", "3") } }
      for words in Self.answeredHere { try expectEqual(try client.call(words), try bare.call(words), "\(words)") }
      try expectEqual(try client.pipeline(Self.answeredHere), try bare.pipeline(Self.answeredHere))
      if protocolVersion == 3 {
        for one in [client, bare] {
          try one.send(Request.bytes(["SUBSCRIBE", "news"]))
          _ = try one.reply()
        }
        for words in Self.answeredHere {
          try expectEqual(try client.call(words), try bare.call(words), "a subscriber's \(words)")
        }
      }
      // A right that is given counts at once.
      try lab.primary.call("ACL", "SETUSER", "narrow", "+client", "+select")
      try expectEqual(try client.call("CLIENT", "SETNAME", "me"), .simple("OK"))
      try expectEqual(try client.call("CLIENT", "GETNAME"), .bulk("me"))
      try expectEqual(try client.call("ECHO", "x"), try bare.call("ECHO", "x"))
      // One that is taken counts soon.
      try lab.primary.call("ACL", "SETUSER", "narrow", "-client")
      try eventually("it may not") { try client.call("CLIENT", "GETNAME") == bare.call("CLIENT", "GETNAME") }
    }
  }

  @Test(.throughTheAmbassador, arguments: [2, 3])
  func `what the server says to a connection is what its client is told`(protocolVersion: Int) throws {
    try withLab { lab in
      for node in lab.redis.nodes { try node.call(user("gone", "+@all")) }
      try lab.redis.seed([["SET", "key", "value"]])
      let (client, waiting) = (try connect(lab, as: "gone"), try connect(lab, as: "gone"))
      if protocolVersion == 3 { try client.call("HELLO", "3") }
      try expectEqual(try client.call("SELECT", "1"), .simple("OK"))
      try expectEqual(try client.call("SET", "key", "mine"), .simple("OK"))
      try expectEqual(try client.call("GET", "key"), .bulk("mine"))
      try waiting.send(Request.bytes(["SUBSCRIBE", "news"]))
      _ = try waiting.reply()
      // May not choose a database any more, and has lost its connections.
      for node in lab.redis.nodes {
        try node.call("ACL", "SETUSER", "gone", "-select")
        try node.call("CLIENT", "KILL", "USER", "gone")
      }
      let began = ContinuousClock.now
      try eventually("it may not read") { try client.call("GET", "key").errorText?.hasPrefix("NOPERM ") == true }
      let before = try lab.primary.info("stats")["total_connections_received"].flatMap { Int($0) } ?? 0
      for words in [["SET", "key", "x"], ["GET", "key"], ["BLPOP", "list", "1"]] {
        let reply = try client.call(words)
        try check(reply.errorText?.hasPrefix("NOPERM ") == true, "\(words): \(reply)")
      }
      let transaction = try client.pipeline([["MULTI"], ["SET", "key", "x"], ["EXEC"]])
      try check(transaction.last?.errorText?.hasPrefix("EXECABORT ") == true, "\(transaction)")
      let after = try lab.primary.info("stats")["total_connections_received"].flatMap { Int($0) } ?? 0
      try check(after - before < 10, "\(after - before) connections")
      // Is none any more.
      for node in lab.redis.nodes { try node.call("ACL", "DELUSER", "gone") }
      for words in [["SET", "key", "x"], ["GET", "key"]] {
        try eventually("\(words) is refused") {
          try client.call(words).errorText?.hasPrefix("WRONGPASS ") == true
        }
      }
      let took = ContinuousClock.now - began
      try check(took < .seconds(8), "it took \(took)")
      try expectEqual(try waiting.bytesUntilClosed(), [])
      // Nobody has waited for a primary, and nobody else has noticed.
      let metrics = try lab.ambassador.page("/metrics").body
      try check(metrics.contains("redis_amb_holds_total 0\n"), metrics)
      let other = try lab.connect()
      try expectEqual(try other.call("SET", "key", "theirs"), .simple("OK"))
    }
  }

  @Test(.throughTheAmbassador)
  func `what only the primary allows is read there`() throws {
    try withLab { lab in
      for node in lab.redis.nodes { try node.call(user("reader", "+ping")) }
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try connect(lab, as: "reader")
      try check(try client.call("GET", "key").errorText?.hasPrefix("NOPERM ") == true, "nobody allows it")
      try lab.connect().call("ACL", "SETUSER", "reader", "+get")
      let before = try refusals(of: lab.replicas)
      try eventually("replicas were asked, and have refused") {
        try expectEqual(try client.call("GET", "key"), .bulk("value"))
        return try refusals(of: lab.replicas) > before
      }
      try expectEqual(
        try client.pipeline([["GET", "key"], ["GET", "none"], ["GET", "key"]]),
        [.bulk("value"), .nullBulk, .bulk("value")])
      // The primary is believed, whatever replicas say.
      try lab.primary.call("ACL", "SETUSER", "reader", "-get")
      try check(try client.call("GET", "key").errorText?.hasPrefix("NOPERM ") == true, "nobody allows it")
    }
  }

  @Test(.throughTheAmbassador, arguments: [2, 3])
  func `a user whom replicas do not know reads on the primary`(protocolVersion: Int) throws {
    try withLab { lab in
      try lab.primary.call(user("reader", "+get", "+set", "+hello"))
      for replica in lab.replicas { try replica.call("ACL", "SETUSER", "reader", "on", ">other", "~*", "+@all") }
      let client = try connect(lab, as: "reader")
      if protocolVersion == 3 { try client.call("HELLO", "3") }
      for round in 0..<10 {
        try expectEqual(try client.call("SET", "key", "\(round)"), .simple("OK"))
        // A connection to the primary can be had again at once, whatever replicas have said a moment ago.
        try lab.primary.call("CLIENT", "KILL", "USER", "reader")
        try expectEqual(try client.call("GET", "key"), .bulk("\(round)"))
      }
    }
  }

  @Test(.throughTheAmbassador)
  func `as many users as may be, and room again when one leaves`() throws {
    try withLab(replicas: 0) { lab in
      let direct = try lab.primary.connect()
      _ = try direct.pipeline((0...255).map { user("user:\($0)", "+acl|whoami") })
      let clients = try (0..<255).map { try connect(lab, as: "user:\($0)") }
      for (index, client) in clients.enumerated() {
        try expectEqual(try client.call("ACL", "WHOAMI"), .bulk("user:\(index)"))
      }
      let another = try lab.connect()
      let refusal = try another.call("AUTH", "user:255", "secret")
      try check(refusal.errorText?.hasPrefix("AMBBUSY 255 users ") == true, "\(refusal)")
      try expectEqual(try another.call("ACL", "WHOAMI"), .bulk("default"))
      // One who is known already takes no room.
      try expectEqual(try connect(lab, as: "user:7").call("ACL", "WHOAMI"), .bulk("user:7"))
      clients[0].close()
      try eventually("there is room") {
        let late = try lab.connect()
        return try late.call("AUTH", "user:255", "secret") == .simple("OK")
          && late.call("ACL", "WHOAMI") == .bulk("user:255")
      }
    }
  }
}
