import TestSupport
import Testing

/// The ways in which Sentinels are reached: by services, names and users.
@Suite(.throughTheAmbassador, .serialized)
struct SentinelAccessTests {
  private func with(
    _ group: SentinelGroup, _ flags: [String], hosts: String? = nil, _ body: (AmbassadorProcess) throws -> Void
  ) throws {
    let ambassador = try AmbassadorProcess(topology: flags, hosts: hosts)
    do {
      try ambassador.waitUntilServing(group.redis, readsOnReplicas: true)
      try body(ambassador)
      try check(ambassador.isRunning, "the ambassador is gone")
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }

  /// Fails over while a client writes, and sees that all that was acknowledged is there, and that writes arrive there.
  private func failOver(_ group: SentinelGroup, through ambassador: AmbassadorProcess) throws {
    let old = group.redis.primary
    let client = try ambassador.connect(patience: .seconds(60))
    try eventually("a failover begins") {
      try group.sentinels[1].call("SENTINEL", "FAILOVER", "mymaster") == .simple("OK")
    }
    var keys: [String] = []
    func write() throws {
      keys.append("moved:\(keys.count)")
      try expectEqual(try client.call("SET", keys[keys.count - 1], "v"), .simple("OK"))
    }
    try eventually("the Sentinels name another primary") {
      try write()
      return try group.sentinels.allSatisfy { try $0.primaryPort() != old.port }
    }
    let new = try group.waitForSwitch(from: old)
    try write()
    let missing = try keys.filter { try new.call("EXISTS", $0) != .integer(1) }
    try expectEqual(missing, [], "acknowledged writes")
  }

  /// A user who may do what the ambassador needs, and no more.
  private static let rights =
    "+auth +sentinel|myid +sentinel|master +sentinel|masters +sentinel|get-master-addr-by-name +sentinel|replicas "
    + "+sentinel|sentinels"

  private func withUser(_ rights: String, _ body: (SentinelGroup, AmbassadorProcess) throws -> Void) throws {
    let group = try SentinelGroup(
      password: "hunter2", more: ["user ambassador on >secret allchannels \(rights)"])
    let directory = try TemporaryDirectory()
    let flags = [
      "--topology-sentinel-addresses", group.sentinels[0].address, "--topology-sentinel-username", "ambassador",
      "--topology-sentinel-password-file", try directory.write("secret\n", to: "password"),
    ]
    try with(group, flags) { try body(group, $0) }
  }

  @Test func `a user with a password and no rights but those that are needed`() throws {
    try withUser(Self.rights + " +psubscribe") { group, ambassador in
      try eventually("each Sentinel tells of its events") { try group.sentinels.allSatisfy { try $0.listeners() == 1 } }
      try failOver(group, through: ambassador)
      try check(!ambassador.log.contains("no events from sentinel"), ambassador.log)
    }
  }

  @Test func `a user who may not PSUBSCRIBE: the Sentinels are asked, and the log says once that there are no events`()
    throws
  {
    try withUser(Self.rights) { group, ambassador in
      func told(_ words: String) -> Int { ambassador.log.ranges(of: words).count }
      try eventually("it is told of each") { told("no events from sentinel") == 3 }
      try failOver(group, through: ambassador)
      try expectEqual(told("no events from sentinel"), 3, "lines about events")
      try expectEqual(told("no answer from sentinel"), 0, "lines about answers")
      // Whoever is allowed to later, is told later.
      for sentinel in group.sentinels { try sentinel.call("ACL", "SETUSER", "ambassador", "+psubscribe") }
      try eventually("there are events again") { told("tells of its events again") == 3 }
    }
  }

  @Test func `a service with one address that leads to another Sentinel each time`() throws {
    let group = try SentinelGroup()
    let service = try ReplicationRelay(to: group.sentinels[0].port)
    service.rotate(among: group.sentinels.map(\.port))
    try with(group, ["--topology-sentinel-addresses", "127.0.0.1:\(service.port)"]) { ambassador in
      // By then it has them by their own addresses, too.
      try eventually("each Sentinel tells of its events") { try group.sentinels.allSatisfy { try $0.listeners() > 0 } }
      for _ in 0..<3 {
        let before = try group.sentinels.map { try $0.listeners() }.reduce(0, +)
        service.cut()
        try eventually("the service leads to somebody again") {
          try group.sentinels.map { try $0.listeners() }.reduce(0, +) == before
        }
      }
      try check(!ambassador.log.contains("no primary"), ambassador.log)
      try failOver(group, through: ambassador)
      group.sentinels[0].kill()
      service.cut()
      try expectEqual(try ambassador.call("SET", "key", "value"), .simple("OK"))
    }
  }

  @Test(.enabled(if: Tool.hosts != nil, "there are no user namespaces (unshare --map-root-user --mount)"))
  func `one name that stands for all Sentinels`() throws {
    let lease = try PortLease()
    let group = try SentinelGroup(sharing: lease)
    let directory = try TemporaryDirectory()
    let hosts = try directory.write(
      group.sentinels.map { "\($0.place.host) redis-sentinel\n" }.joined(), to: "hosts")
    try with(group, ["--topology-sentinel-addresses", "redis-sentinel:\(lease.port)"], hosts: hosts) { ambassador in
      try eventually("each Sentinel tells of its events, once") {
        try group.sentinels.allSatisfy { try $0.listeners() == 1 }
      }
      group.sentinels[0].kill()
      try eventually("the log says which one is away") {
        ambassador.log.contains("no answer from sentinel \(group.sentinels[0].address)")
      }
      try group.sentinels[0].start()
      try eventually("the log says that it is back") {
        ambassador.log.contains("sentinel \(group.sentinels[0].address) answers again")
      }
      try failOver(group, through: ambassador)
    }
  }

  @Test func `Sentinels that call nodes by their names`() throws {
    let group = try SentinelGroup(
      calling: "localhost", more: ["sentinel resolve-hostnames yes", "sentinel announce-hostnames yes"])
    let named = try group.sentinels[0].call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster")
    try expectEqual(named.elements?.first?.text, "localhost", "whom Sentinel names")
    try with(group, ["--topology-sentinel-addresses", "localhost:\(group.sentinels[0].port)"]) { ambassador in
      try check(ambassador.log.contains("primary is localhost:\(group.redis.primary.port)"), ambassador.log)
      // After that it names the new one by its address.
      try failOver(group, through: ambassador)
    }
  }
}
