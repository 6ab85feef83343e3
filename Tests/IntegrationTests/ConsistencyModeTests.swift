import TestSupport
import Testing

/// What listeners and settings make of reads; with replication kept back, it shows where they went.
@Suite(.throughTheAmbassador)
struct ConsistencyModeTests {
  @Test func `eventual reads come from replicas as they are`() throws {
    try withLab(flags: ["--reads-consistency", "eventual"], relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let client = try lab.connect()
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try client.call("SET", "key", "new"), .simple("OK"))
      for _ in 0..<20 { try expectEqual(try client.call("GET", "key"), .bulk("old")) }
      // Behind a write that is not answered yet, the order of the pipeline holds all the same.
      try expectEqual(
        try client.pipeline([["SET", "key", "newer"], ["GET", "key"]]), [.simple("OK"), .bulk("newer")])
      for relay in lab.redis.relays { relay.release() }
      try eventually("the replicas have it") { try client.call("GET", "key") == .bulk("newer") }
    }
  }

  @Test func `each listener has rules of its own, and all see what is written through any`() throws {
    let redis = try RedisGroup(replicas: 1, relayed: true)
    let directory = try TemporaryDirectory()
    let ports = try (0..<3).map { _ in try PortLease().port }
    let file = try directory.write(
      """
      listen:
        - 127.0.0.1:\(ports[0])
        - {address: 127.0.0.1:\(ports[1]), consistency: eventual}
        - {address: 127.0.0.1:\(ports[2]), reads: primary}
      topology: {static: {primary: "\(redis.primary.address)"}}
      """, to: "redis-amb.yaml")
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "run", "--config", file], output: directory.file("log"))
    defer { process.terminate() }
    var clients: [RESPClient] = []
    try eventually("all three listen") {
      clients = try ports.map { try RESPClient(port: $0) }
      return try clients.allSatisfy { try $0.call("PING") == .simple("PONG") }
    }
    let (fenced, eventual, primary) = (clients[0], clients[1], clients[2])
    try redis.seed([["SET", "key", "old"], ["SET", "other", "value"]])
    try eventually("the replica is read") {
      try redis.calls(of: "get") { _ = try fenced.call("GET", "other") }[1] == 1
    }
    redis.relays[0].hold()
    // A write through a listener whose own reads are eventual counts for those of the others.
    try expectEqual(try eventual.call("SET", "key", "new"), .simple("OK"))
    try expectEqual(try eventual.call("GET", "key"), .bulk("old"))
    try expectEqual(try fenced.call("GET", "key"), .bulk("new"))
    try expectEqual(try primary.call("GET", "key"), .bulk("new"))
    let calls = try redis.calls(of: "get") {
      for client in clients { try expectEqual(try client.call("GET", "other"), .bulk("value")) }
    }
    try expectEqual(calls, [1, 2])
  }

  @Test func `a replica that is too far behind is not read`() throws {
    try withLab(flags: ["--reads-consistency", "eventual", "--reads-max-lag", "200ms"], relayed: true) { lab in
      try lab.redis.seed([["SET", "key", "old"]])
      let client = try lab.connect()
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try client.call("SET", "key", "new"), .simple("OK"))
      try eventually("the primary is read instead") { try client.call("GET", "key") == .bulk("new") }
      // A dead primary does not take all replicas with it.
      lab.primary.kill()
      try eventually("the replicas are read for want of anything better") {
        try client.call("GET", "key") == .bulk("old")
      }
    }
  }

  @Test func `a replica of a replica whose data go back`() throws {
    let primary = try RedisServer()
    let relay = try ReplicationRelay(to: primary.port)
    let middle = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(relay.port)"])
    let leaf = try RedisServer(options: ["--replicaof", "127.0.0.1", "\(middle.port)"])
    let ambassador = try AmbassadorProcess(primary: primary.address, replicas: [leaf.address])
    let client = try RESPClient(port: ambassador.port)
    func write(_ version: Int) throws {
      for key in 0..<20 {
        try eventually("a write goes through") { try client.call("SET", "key:\(key)", "\(version)") == .simple("OK") }
      }
    }
    func leafHas(_ version: Int) throws -> Bool { try leaf.call("GET", "key:19") == .bulk("\(version)") }

    try write(1)
    try eventually("the leaf has it") { try leafHas(1) }
    try expectEqual(try middle.call("SAVE"), .simple("OK"))
    try write(2)
    try eventually("the leaf is read") {
      let before = try leaf.calls(of: "get")
      for key in 0..<20 { try expectEqual(try client.call("GET", "key:\(key)"), .bulk("2")) }
      return try leaf.calls(of: "get") > before
    }
    // The one in the middle comes back with what it had saved, and gives it to the leaf, whose connections stay open.
    relay.hold()
    relay.cut()
    try middle.restart()
    relay.releaseHandshake()
    var key = 0
    try eventually("the leaf's data go back") {
      for _ in 0..<5 {
        key = (key + 1) % 20
        try expectEqual(try client.call("GET", "key:\(key)"), .bulk("2"))
      }
      return try leafHas(1)
    }
    for _ in 0..<5 {
      for key in 0..<20 { try expectEqual(try client.call("GET", "key:\(key)"), .bulk("2")) }
    }
    relay.release()
    try eventually("the leaf is read again") {
      let before = try leaf.calls(of: "get")
      for key in 0..<20 { try expectEqual(try client.call("GET", "key:\(key)"), .bulk("2")) }
      return try leaf.calls(of: "get") > before
    }
  }

  /// Cursors belong to the node that gave them.
  @Test func `a scan finds everything, over several connections, while replicas come and go`() throws {
    try withLab { lab in
      try lab.redis.seed((0..<4000).map { ["SET", "scan:\($0)", "v"] })
      try lab.redis.seed((0..<2000).map { ["HSET", "hash", "field:\($0)", "v"] })
      let clients = try (0..<3).map { _ in try lab.connect() }
      for command in [["SCAN"], ["HSCAN", "hash"]] {
        var (cursor, found, step) = ("0", Set<String>(), 0)
        repeat {
          let reply = try clients[step % 3].call([command[0]] + command.dropFirst() + [cursor, "COUNT", "50"])
          guard let parts = reply.elements, parts.count == 2, let next = parts[0].text else {
            throw Failure("\(reply)")
          }
          cursor = next
          for item in parts[1].elements ?? [] { found.insert(item.text ?? "") }
          step += 1
          if step == 10 { lab.replicas[0].kill() }
          if step == 20 { try lab.replicas[0].start() }
        } while cursor != "0"
        let expected = command[0] == "SCAN" ? (0..<4000).map { "scan:\($0)" } : (0..<2000).map { "field:\($0)" }
        try check(found.isSuperset(of: expected), "\(expected.count - found.intersection(expected).count) are missing")
        try lab.redis.waitUntilLinked()
      }
    }
  }
}
