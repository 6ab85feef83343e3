import Glibc
import Synchronization
import TestSupport
import Testing

/// Reloads of a configuration that names Sentinels.
@Suite(.throughTheAmbassador, .serialized)
struct SentinelReloadTests {
  private func configuration(_ group: SentinelGroup, _ sentinel: String = "", _ more: String = "") -> String {
    "topology: {sentinel: {addresses: [\(group.sentinels[0].address)]\(sentinel)}}\n" + more
  }

  @Test func `what Sentinels and nodes of before have said is forgotten`() throws {
    let (group, other) = (try SentinelGroup(), try RedisGroup(replicas: 0))
    try ReloadLab.with(configuration(group)) { lab in
      try lab.ambassador.waitUntilServing(group.redis, readsOnReplicas: false)
      let control = try lab.control()
      func topology() throws -> [String] { try control.call("TOPOLOGY").elements?.compactMap(\.text) ?? [] }
      try eventually("all Sentinels are told") {
        try topology().count { $0.hasPrefix("sentinel ") } == group.sentinels.count
      }
      try lab.reload(ReloadLab.following(other))
      let lines = try topology()
      try check(lines.contains("primary  \(other.primary.address)"), "\(lines)")
      for address in group.sentinels.map(\.address) + group.redis.nodes.map(\.address) {
        try check(!lines.contains { $0.contains(address) }, "\(address) is in \(lines)")
        try check(try !lab.status(contains: "\"\(address)\""), "\(address) is in the status")
      }
      try check(!lines.contains { $0.hasPrefix("sentinel ") }, "\(lines)")
    }
  }

  private final class Acknowledged: Sendable {
    let keys = Mutex<[String]>([])
  }

  @Test func `a failover amid a storm of reloads: followed, and nobody goes back to the primary that returns`() throws {
    let group = try SentinelGroup()
    let old = group.redis.primary
    let steady = "failover: {hold: 30s}\n"
    try ReloadLab.with(configuration(group, "", steady)) { lab in
      try lab.ambassador.waitUntilServing(group.redis, readsOnReplicas: true)
      let acknowledged = Acknowledged()
      let ambassador = lab.ambassador
      let writers = Crew(4) { index, shift in
        let client = try ambassador.connect(patience: .seconds(40))
        var number = 0
        while !shift.isOver {
          number += 1
          let key = "key:\(index):\(number)"
          let reply = try client.call("SET", key, "1")
          if reply == .simple("OK") {
            acknowledged.keys.withLock { $0.append(key) }
          } else if reply.errorText?.hasPrefix("AMBUNKNOWN") != true {
            throw Failure("writer \(index): \(reply)")
          }
          pause(.milliseconds(2))
        }
      }
      // Every one of these looks at all nodes and Sentinels anew.
      let storm = Crew(1) { _, shift in
        var round = 0
        while !shift.isOver {
          round += 1
          let lag = "reads: {max-lag: \(round % 2 == 0 ? "5s" : "6s")}\n"
          try lab.replace(configuration(group, "", steady + lag))
          lab.ambassador.signal(SIGHUP)
          pause(.milliseconds(100))
        }
      }
      func goOn(_ count: Int) throws {
        let goal = acknowledged.keys.withLock { $0.count } + count
        try eventually("writes go on") {
          if let error = (writers.errors + storm.errors).first { throw error }
          return acknowledged.keys.withLock { $0.count } >= goal
        }
      }
      try goOn(200)
      old.kill()
      // What was acknowledged by the one that died is Redis's to keep.
      let new = try group.waitForSwitch(from: old)
      try goOn(20)
      let start = acknowledged.keys.withLock { $0.count }
      // It says that it is a primary, and knows nothing; Sentinel makes a replica of it in ten seconds or so.
      try old.start()
      let deadline = Deadline(within: .seconds(3))
      while !deadline.isOver { try goOn(20) }
      if try old.info("replication")["role"] == "master" {
        try expectEqual(try old.calls(of: "set"), 0, "writes to the returned primary")
      }
      try storm.stop()
      try writers.stop()
      // On a busy machine Sentinel may fail over once more: what that loses is Redis's as well.
      guard try group.waitForSwitch(from: old).port == new.port else { return }
      let client = try new.connect()
      let keys = acknowledged.keys.withLock { Array($0[start...]) }
      let replies = try client.pipeline(keys.map { ["EXISTS", $0] })
      try expectEqual(replies.count { $0 != .integer(1) }, 0, "acknowledged writes that are missing")
      try check(lab.count(ReloadLab.inForce) > 5, "the reloads did not come into force")
    }
  }

  @Test func `a command that blocks on connections of the user of before is not forgotten in a failover`() throws {
    let group = try SentinelGroup()
    for node in group.redis.nodes {
      for user in ["first", "second"] {
        try node.call("ACL", "SETUSER", user, "on", ">\(user)-secret", "~*", "&*", "+@all")
      }
    }
    let directory = try TemporaryDirectory()
    func configuration(_ user: String) throws -> String {
      let file = try directory.write("\(user)-secret", to: user)
      return self.configuration(group, "", "upstream: {username: \(user), password-file: \(file)}\n")
    }
    try ReloadLab.with(try configuration("first")) { lab in
      try lab.ambassador.waitUntilServing(group.redis, readsOnReplicas: true)
      let client = try lab.ambassador.connect(patience: .seconds(15))
      try client.send(Request.bytes(["BLPOP", "queue", "0"]))
      let old = group.redis.primary
      try eventually("it waits") { try old.info("clients")["blocked_clients"] == "1" }
      try lab.reload(try configuration("second"))
      // It says nothing any more, not even that it is gone; reload.drain is half a minute.
      old.freeze()
      let reply = try client.reply().value
      try check(reply.errorText?.hasPrefix("AMBUNKNOWN") == true, "got \(reply)")
      try expectEqual(try client.call("SET", "key", "1"), .simple("OK"))
    }
  }

  @Test func `a rotated password of the Sentinels: they are heard on, and a failover is followed`() throws {
    let (old, new) = ("first-secret-1b77", "second-secret-c02d")
    let group = try SentinelGroup(password: old)
    let volume = try MountedVolume(["password": old + "\n"])
    let text = configuration(group, ", password-file: \(volume.file("password"))")
    func sentinel(_ index: Int, _ password: String, _ words: String...) throws {
      let client = try RESPClient(port: group.sentinels[index].port)
      try expectEqual(try client.call("AUTH", password), .simple("OK"))
      let reply = try client.call(words)
      try check(!reply.isError, "\(words): \(reply)")
    }
    try ReloadLab.with(text) { lab in
      try lab.ambassador.waitUntilServing(group.redis, readsOnReplicas: true)
      let load = Appenders(lab.ambassador, clients: 3)
      try load.goOn()
      for index in 0..<3 { try sentinel(index, old, "ACL", "SETUSER", "default", ">\(new)") }
      try volume.swap(["password": new])
      try eventually("it is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      try check(lab.ambassador.log.contains("topology.sentinel.password-file: the file holds another secret"), "plan")
      for index in 0..<3 {
        try sentinel(index, new, "SENTINEL", "CONFIG", "SET", "sentinel-pass", new)
        try sentinel(index, new, "ACL", "SETUSER", "default", "<\(old)")
        // Whoever was connected must come with the new one.
        try sentinel(index, new, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        try sentinel(index, new, "CLIENT", "KILL", "TYPE", "pubsub")
      }
      try load.goOn()
      try load.finish(on: [group.redis.primary])
      try sentinel(0, new, "SENTINEL", "FAILOVER", "mymaster")
      let client = try lab.ambassador.connect()
      try eventually("writes go to another node") {
        try client.call("SET", "after", "1") == .simple("OK")
          && group.redis.replicas.contains { try $0.calls(of: "set") > 0 && $0.info("replication")["role"] == "master" }
      }
      let told = "\(try lab.control().call("STATUS", "JSON"))\(try lab.control().call("TOPOLOGY"))" + lab.ambassador.log
      for secret in [old, new] { try check(!told.contains(secret), "a password is told: \(told)") }
    }
  }
}
