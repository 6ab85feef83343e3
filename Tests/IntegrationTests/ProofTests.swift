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

  @Test func `each read of a pipeline is looked at, not only the first`() throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"], ["SET", "other", "value"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try writer.call("SET", "key", "new"), .simple("OK"))
      for _ in 0..<20 {
        try expectEqual(
          try reader.pipeline([["GET", "other"], ["GET", "other"], ["GET", "key"], ["MGET", "other", "key"]]),
          [.bulk("value"), .bulk("value"), .bulk("new"), .array([.bulk("value"), .bulk("new")])])
      }
    }
  }

  @Test(arguments: [400_000, 2_000_000])
  func `a large write is seen, also one that passed through as it arrived`(size: Int) throws {
    try withLab(relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let (writer, reader) = (try lab.connect(), try lab.connect())
      for relay in lab.redis.relays { relay.hold() }
      let value = String(repeating: "x", count: size)
      try expectEqual(try writer.call("SET", "key", value), .simple("OK"))
      try expectEqual(try reader.call("STRLEN", "key"), .integer(value.utf8.count))
      try expectEqual(try writer.call("MSET", "key", value + "y", "other", "y"), .simple("OK"))
      try expectEqual(try reader.call("STRLEN", "key"), .integer(value.utf8.count + 1))
    }
  }

  /// Behind one address there may be several processes.
  @Test func `what is proven of one connection is not proven of another`() throws {
    let primary = try RedisServer()
    let relay = try ReplicationRelay(to: primary.port)
    let replica = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(primary.port)"])
    let laggard = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(relay.port)"])
    let crossing = try ReplicationRelay(to: replica.port)
    let ambassador = try AmbassadorProcess(primary: primary.address, replicas: ["127.0.0.1:\(crossing.port)"])
    let (client, other) = (try RESPClient(port: ambassador.port), try RESPClient(port: ambassador.port))
    let big = String(repeating: "x", count: 1_000_000)
    for key in ["key", "big"] {
      try eventually("a write goes through") {
        try client.call("SET", key, key == "big" ? big : "old") == .simple("OK")
      }
    }
    try eventually("the laggard has all") { try laggard.call("STRLEN", "big") == .integer(big.utf8.count) }
    relay.hold()
    try expectEqual(try other.call("SET", "key", "new"), .simple("OK"))
    try eventually("the client has had a big reply from the replica") {
      try expectEqual(try client.call("GET", "big").text?.utf8.count, big.utf8.count)
      return try replica.calls(of: "get") > 0
    }
    let deadline = ContinuousClock.now + .seconds(2)
    try eventually("the replica is proven to have the key") {
      let before = try replica.calls(of: "get")
      for _ in 0..<5 { try expectEqual(try other.call("GET", "key"), .bulk("new")) }
      return try replica.calls(of: "get") == before + 5 && .now > deadline
    }
    // The upstream that has been idle since the big reply goes: the next one will be new.
    for line in try replica.call("CLIENT", "LIST").text?.split(separator: "\n") ?? [] {
      let fields = line.split(separator: " ")
      guard fields.contains("cmd=get"), !fields.contains("idle=0") else { continue }
      let id = String(fields[0].dropFirst("id=".count))
      try expectEqual(try replica.call("CLIENT", "KILL", "ID", id), .integer(1))
    }
    crossing.redirect(to: laggard.port)
    try expectEqual(try client.pipeline([["GET", "never"], ["GET", "key"]]), [.nullBulk, .bulk("new")])
  }

  @Test func `a replica of a replica whose data go back, read behind a key that was never written`() throws {
    let primary = try RedisServer()
    let relay = try ReplicationRelay(to: primary.port)
    let middle = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(primary.port)"])
    let laggard = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(relay.port)"])
    let leaf = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(middle.port)"])
    let ambassador = try AmbassadorProcess(primary: primary.address, replicas: [leaf.address])
    let client = try RESPClient(port: ambassador.port)
    func write(_ version: Int) throws {
      try eventually("a write goes through") { try client.call("SET", "key", "\(version)") == .simple("OK") }
    }
    try write(1)
    try eventually("both have it") { try [leaf, laggard].allSatisfy { try $0.call("GET", "key") == .bulk("1") } }
    relay.hold()
    try write(2)
    for _ in 0..<2 {
      try eventually("the leaf is read") {
        let before = try leaf.calls(of: "get")
        for _ in 0..<5 { try expectEqual(try client.call("GET", "key"), .bulk("2")) }
        return try leaf.calls(of: "get") == before + 5
      }
      pause(.milliseconds(200))
    }
    // Its connections stay open, and it is linked again before anybody asks how it is.
    try expectEqual(try leaf.call("REPLICAOF", "127.0.0.1", "\(laggard.port)"), .simple("OK"))
    try eventually("the leaf's data go back") {
      try expectEqual(try client.pipeline([["GET", "never"], ["GET", "key"]]), [.nullBulk, .bulk("2")])
      return try leaf.call("GET", "key") == .bulk("1")
    }
    for _ in 0..<100 {
      try expectEqual(try client.pipeline([["GET", "never"], ["GET", "key"]]), [.nullBulk, .bulk("2")])
    }
  }

  /// They share connections with reads that must see everything, and go where they would without these.
  @Test func `eventual reads stay where they are when others must leave`() throws {
    let primary = try RedisServer()
    let relay = try ReplicationRelay(to: primary.port)
    let middle = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(relay.port)"])
    let leaf = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(middle.port)"])
    let directory = try TemporaryDirectory()
    let ports = try (0..<2).map { _ in try PortLease().port }
    let file = try directory.write(
      """
      listen: [127.0.0.1:\(ports[0]), {address: 127.0.0.1:\(ports[1]), consistency: eventual}]
      topology: {static: {primary: "\(primary.address)", replicas: ["\(leaf.address)"]}}
      """, to: "redis-amb.yaml")
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "run", "--config", file], output: directory.file("log"))
    defer { process.terminate() }
    try eventually("both listen, and the leaf is read") {
      let client = try RESPClient(port: ports[1])
      guard try client.call("SET", "key", "old") == .simple("OK") else { return false }
      for _ in 0..<5 { _ = try client.call("GET", "key") }
      return try leaf.calls(of: "get") > 0
    }
    let fenced = try RESPClient(port: ports[0])
    relay.hold()
    try expectEqual(try fenced.call("SET", "key", "new"), .simple("OK"))
    let port = ports[1]
    let others = Crew(3) { _, shift in
      let client = try RESPClient(port: port)
      while !shift.isOver { try expectEqual(try client.pipeline([["GET", "none"], ["GET", "none"]])[0], .nullBulk) }
    }
    let before = try primary.calls(of: "get")
    for _ in 0..<300 { try expectEqual(try fenced.call("GET", "key"), .bulk("new")) }
    try expectEqual(try primary.calls(of: "get") - before, 300)
    try others.stop()
  }
}
