import TestSupport
import Testing

/// With Sentinel: writes follow the primary, and only the primary.
@Suite(.throughTheAmbassador, .serialized)
struct SentinelTests {
  private func withGroup(
    password: String? = nil, _ body: (SentinelGroup, AmbassadorProcess) throws -> Void
  ) throws {
    let group = try SentinelGroup(password: password)
    var flags = ["--topology-sentinel-addresses", group.sentinels[0].address]
    let directory = try TemporaryDirectory()
    if let password {
      flags += ["--topology-sentinel-password-file", try directory.write("\(password)\n", to: "password")]
    }
    let ambassador = try AmbassadorProcess(topology: flags)
    do {
      try ambassador.waitUntilServing(group.redis, readsOnReplicas: true)
      try body(group, ambassador)
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }

  /// Writes new keys until `isOver`, and says which were acknowledged.
  private func write(
    _ prefix: String, through ambassador: AmbassadorProcess, until isOver: () throws -> Bool
  ) throws -> [String] {
    let client = try ambassador.connect(patience: .seconds(60))
    var acknowledged: [String] = []
    var number = 0
    while try number % 20 != 0 || !isOver() {
      number += 1
      if try client.call("SET", "\(prefix):\(number)", "v") == .simple("OK") {
        acknowledged.append("\(prefix):\(number)")
      }
      pause(.milliseconds(5))
    }
    return acknowledged
  }

  private func missing(_ keys: [String], on node: RedisServer) throws -> [String] {
    let client = try node.connect()
    return try keys.filter { try client.call("EXISTS", $0) != .integer(1) }
  }

  @Test func `SENTINEL FAILOVER: no acknowledged write is lost, and the old primary gets none`() throws {
    try withGroup { group, ambassador in
      let old = group.redis.primary
      try expectEqual(try group.sentinels[1].call("SENTINEL", "FAILOVER", "mymaster"), .simple("OK"))
      let deadline = Deadline(within: .seconds(6))
      let keys = try write("graceful", through: ambassador) { deadline.isOver }
      let new = try group.waitForSwitch(from: old)
      try check(!keys.isEmpty, "nothing was acknowledged")
      try expectEqual(try missing(keys, on: new), [], "acknowledged writes")
      // Still a primary in its own eyes, and nobody writes there.
      let before = try old.calls(of: "set")
      try expectEqual(
        try missing(try write("after", through: ambassador) { true }, on: new), [], "writes after the failover")
      try expectEqual(try old.calls(of: "set"), before, "writes to the old primary")
      try check(ambassador.log.contains("primary is \(new.address) (promoted in the failover of"), ambassador.log)
      try check(ambassador.log.contains("no primary: "), ambassador.log)
    }
  }

  @Test func `a killed primary: writes go on with the promoted one, and stay there when the old one returns`() throws {
    // On a busy machine the Sentinels may hold the promoted one to be down as well: that is another story.
    for _ in 0..<4 where try writesStayWithThePromoted() { return }
    throw Failure("there was a second failover each time")
  }

  /// False: there was a second failover.
  private func writesStayWithThePromoted() throws -> Bool {
    var wasOnlyOne = true
    try withGroup { group, ambassador in
      let old = group.redis.primary
      old.kill()
      let deadline = Deadline(within: .seconds(30))
      let client = try ambassador.connect()
      try eventually("a write goes through") {
        try client.call("SET", "key", "value") == .simple("OK") || deadline.isOver
      }
      let new = try group.waitForSwitch(from: old)
      try expectEqual(try new.call("GET", "key"), .bulk("value"), "the write")
      try old.start()
      try expectEqual(try old.info("replication")["role"], "master", "the old primary's own view")
      let keys = try write("after", through: ambassador) {
        // As a replica it runs what the new primary sends it.
        let calls = try old.calls(of: "set")
        if try old.info("replication")["role"] == "slave" { return true }
        try expectEqual(calls, 0, "writes to the returned primary")
        return false
      }
      let lost = try missing(keys, on: new)
      wasOnlyOne =
        try group.sentinels.allSatisfy { try $0.primaryPort() == new.port }
        && new.info("replication")["role"] == "master"
      if wasOnlyOne { try expectEqual(lost, [], "writes after the failover") }
    }
    return wasOnlyOne
  }

  @Test func `a hung primary that wakes after the failover gets nothing more`() throws {
    try withGroup { group, ambassador in
      let old = group.redis.primary
      old.freeze()
      let client = try ambassador.connect(patience: .seconds(60))
      try eventually("a write goes through") { try client.call("SET", "key", "value") == .simple("OK") }
      let new = try group.waitForSwitch(from: old)
      try expectEqual(try new.call("GET", "key"), .bulk("value"), "the write")
      old.thaw()
      // What was under way to it when it froze, it runs now.
      pause(.milliseconds(500))
      let before = try old.calls(of: "set")
      let deadline = Deadline(within: .seconds(4))
      let keys = try write("after", through: ambassador) { deadline.isOver }
      try expectEqual(try missing(keys, on: new), [], "writes after the failover")
      if try old.info("replication")["role"] == "master" {
        try expectEqual(try old.calls(of: "set"), before, "writes to the woken primary")
      }
    }
  }

  @Test func `FAILOVER TO under Sentinel: writes go to the one that took over`() throws {
    try withGroup { group, ambassador in
      let (old, new) = (group.redis.primary, group.redis.replicas[0])
      try expectEqual(try old.call("FAILOVER", "TO", "127.0.0.1", "\(new.port)"), .simple("OK"))
      let deadline = Deadline(within: .seconds(5))
      let keys = try write("handover", through: ambassador) { deadline.isOver }
      try expectEqual(try old.info("replication")["role"], "slave", "the old primary's role")
      try expectEqual(try group.sentinels[0].primaryPort(), old.port, "whom Sentinel names")
      try check(keys.count > 100, "\(keys.count) writes acknowledged")
      try expectEqual(try missing(keys, on: new), [], "acknowledged writes")
      try check(ambassador.log.contains("primary is \(new.address) (\(old.address) follows it"), ambassador.log)
    }
  }

  @Test func `FAILOVER TO without Sentinel: writes go to the one that took over`() throws {
    try withLab { lab in
      let (old, new) = (lab.primary, lab.replicas[0])
      try expectEqual(try old.call("FAILOVER", "TO", "127.0.0.1", "\(new.port)"), .simple("OK"))
      let deadline = Deadline(within: .seconds(4))
      let keys = try write("handover", through: lab.ambassador) { deadline.isOver }
      try check(keys.count > 50, "\(keys.count) writes acknowledged")
      try expectEqual(try missing(keys, on: new), [], "acknowledged writes")
      let log = try lab.ambassador.log
      try check(log.contains("primary is \(new.address) (it has taken the place"), log)
    }
  }

  @Test func `all Sentinels killed: the last topology serves on`() throws {
    try withGroup(password: "hunter2") { group, ambassador in
      for sentinel in group.sentinels { sentinel.kill() }
      try eventually("the log says so") { ambassador.log.contains("no sentinel answers: the last proven topology") }
      let deadline = Deadline(within: .seconds(3))
      let keys = try write("alone", through: ambassador) { deadline.isOver }
      try check(keys.count > 100, "\(keys.count) writes acknowledged")
      try expectEqual(try missing(keys, on: group.redis.primary), [], "writes without Sentinels")
      let client = try ambassador.connect()
      let reads = try group.redis.calls(of: "strlen") {
        for _ in 0..<100 { try client.call("STRLEN", "other") }
      }
      try expectEqual(reads[0], 0, "reads on the primary")
      try check(!ambassador.log.contains("no primary"), ambassador.log)
    }
  }

  @Test func `a wrong name, a wrong password, a node that is no Sentinel: said with the reason`() throws {
    let primary = try RedisServer()
    let sentinel = try RedisSentinel(watching: primary, quorum: 1)
    let closed = try RedisSentinel(watching: primary, quorum: 1, password: "hunter2")
    func error(_ address: String, _ flags: [String] = []) throws -> String {
      let ambassador = try AmbassadorProcess(topology: ["--topology-sentinel-addresses", address] + flags)
      return try ambassador.connect().call("SET", "key", "value").errorText ?? "none"
    }
    let wrongName = try error(sentinel.address, ["--topology-sentinel-master-name", "MyMaster"])
    try check(
      wrongName.contains(
        "Sentinel watches no master called MyMaster: it watches mymaster; upper and lower case matter"), wrongName)
    let noPassword = try error(closed.address)
    try check(noPassword.contains("no sentinel answers: it refused SENTINEL: NOAUTH"), noPassword)
    let noSentinel = try error(primary.address)
    try check(noSentinel.contains("no sentinel answers: it is no Sentinel"), noSentinel)
  }
}
