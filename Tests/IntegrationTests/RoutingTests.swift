import TestSupport
import Testing

/// Counted on the nodes themselves, by INFO commandstats.
@Suite(.throughTheAmbassador)
struct RoutingTests {
  @Test func `writes run on the primary`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let calls = try lab.calls(of: "set") {
        for index in 0..<200 { try expectEqual(try client.call("SET", "key:\(index)", "v"), .simple("OK")) }
      }
      // Replicas count the writes that reach them by replication; a write sent there by a client would be an error.
      try expectEqual(calls[0], 200)
    }
  }

  @Test func `reads run on replicas, and on both of them`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let calls = try lab.calls(of: "get") {
        try concurrently(8) { _ in
          let client = try lab.connect()
          for _ in 0..<250 { try expectEqual(try client.call("GET", "key"), .bulk("value")) }
        }
      }
      try check(calls.reduce(0, +) >= 2000, "\(calls)")
      try expectEqual(calls[0], 0, "reads on the primary")
      try check(calls[1] > 200 && calls[2] > 200, "both replicas have work: \(calls)")
    }
  }

  @Test func `replicas named on the command line are used as well`() throws {
    try withLab(namesReplicas: true) { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      let calls = try lab.calls(of: "get") {
        for _ in 0..<100 { try expectEqual(try client.call("GET", "key"), .bulk("value")) }
      }
      try expectEqual(calls[0], 0, "reads on the primary")
      // On a machine so slow that a replica seems silent, a read is asked again.
      try check(calls.reduce(0, +) >= 100, "\(calls)")
    }
  }

  @Test func `every kind of read may run on a replica`() throws {
    try withLab { lab in
      try lab.redis.seed([
        ["SET", "string", "value"], ["HSET", "hash", "f", "v"], ["RPUSH", "list", "a", "b"],
        ["SADD", "set", "1", "2"], ["ZADD", "zset", "1", "a"], ["XADD", "stream", "1-1", "f", "v"],
      ])
      let client = try lab.connect()
      for command in [
        ["MGET", "string", "none"], ["EXISTS", "string"], ["TTL", "string"], ["GETRANGE", "string", "0", "1"],
        ["BITCOUNT", "string"], ["HGETALL", "hash"], ["HMGET", "hash", "f", "g"], ["LRANGE", "list", "0", "-1"],
        ["LLEN", "list"], ["SMEMBERS", "set"], ["SISMEMBER", "set", "1"], ["ZRANGE", "zset", "0", "-1"],
        ["ZSCORE", "zset", "a"], ["XRANGE", "stream", "-", "+"], ["TYPE", "hash"],
      ] {
        let calls = try lab.calls(of: command[0].lowercased()) {
          let reply = try client.call(command)
          try check(!reply.isError, "\(command): \(reply)")
        }
        try expectEqual(calls[0], 0, "\(command) on the primary")
        try expectEqual(calls.reduce(0, +), 1, "\(command) anywhere")
      }
    }
  }

  @Test func `what only the primary can answer is asked there`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "string", "value"], ["RPUSH", "list", "2", "1"]])
      let client = try lab.connect()
      let loaded = try client.call("SCRIPT", "LOAD", "return redis.call('GET', KEYS[1])")
      let digest = try #require(loaded.text, "SCRIPT LOAD: \(loaded)")
      for (counted, command) in [
        ("sort", ["SORT", "list"]),
        ("getex", ["GETEX", "string"]),
        ("getdel", ["GETDEL", "none"]),
        ("dbsize", ["DBSIZE"]),
        ("randomkey", ["RANDOMKEY"]),
        ("keys", ["KEYS", "*"]),
        ("object|encoding", ["OBJECT", "ENCODING", "string"]),
        ("evalsha", ["EVALSHA", digest, "1", "string"]),
        ("eval", ["EVAL", "return 1", "0"]),
        ("pubsub|channels", ["PUBSUB", "CHANNELS"]),
        ("publish", ["PUBLISH", "channel", "message"]),
        ("time", ["TIME"]),
        ("lastsave", ["LASTSAVE"]),
      ] {
        let calls = try lab.calls(of: counted) {
          let reply = try client.call(command)
          try check(!reply.isError, "\(command): \(reply)")
        }
        // PUBLISH and scripts travel to the replicas by replication, so only the primary's count speaks.
        try expectEqual(calls[0], 1, "\(command) on the primary")
      }
    }
  }

  @Test func `a command that nobody knows goes to the primary and its error comes back`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let bare = try lab.primary.call("NOSUCHCOMMAND", "a", "b")
      try expectEqual(try client.call("NOSUCHCOMMAND", "a", "b"), bare)
      try expectEqual(try client.call("PING"), .simple("PONG"))
    }
  }

  @Test func `SCAN finds every element exactly as one server would`() throws {
    try withLab { lab in
      try lab.redis.seed((0..<5000).map { ["SET", "key:\($0)", "v"] })
      try lab.redis.seed((0..<5000).map { ["SADD", "set", "member:\($0)"] })
      let client = try lab.connect()
      for command in [["SCAN"], ["SSCAN", "set"]] {
        var found: Set<String> = []
        var cursor = "0"
        repeat {
          let reply = try client.call(command + [cursor, "COUNT", "100"])
          guard let parts = reply.elements, parts.count == 2, let next = parts[0].text else {
            throw Failure("\(command): \(reply)")
          }
          cursor = next
          found.formUnion(parts[1].elements?.compactMap(\.text) ?? [])
        } while cursor != "0"
        try check(found.count >= 5000, "\(command) found \(found.count) of 5000")
      }
    }
  }

  @Test func `without replicas the primary serves the reads`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try expectEqual(try client.call("SET", "key", "value"), .simple("OK"))
      let calls = try lab.calls(of: "get") {
        for _ in 0..<50 { try expectEqual(try client.call("GET", "key"), .bulk("value")) }
      }
      try expectEqual(calls, [50])
    }
  }

  @Test func `when all replicas are gone the reads go to the primary`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "key", "value"]])
      let client = try lab.connect()
      for replica in lab.replicas { replica.kill() }
      let before = try lab.primary.calls(of: "get")
      for _ in 0..<500 { try expectEqual(try client.call("GET", "key"), .bulk("value")) }
      try expectEqual(try lab.primary.calls(of: "get") - before, 500)
    }
  }

  @Test func `--reads-policy primary keeps the reads there`() throws {
    try withLab(flags: ["--reads-policy", "primary"], readsOnReplicas: false) { lab in
      let client = try lab.connect()
      let calls = try lab.calls(of: "get") {
        for index in 0..<100 {
          try client.call("SET", "key", "\(index)")
          try expectEqual(try client.call("GET", "key"), .bulk("\(index)"))
        }
      }
      try expectEqual(calls, [100, 0, 0])
    }
  }
}
