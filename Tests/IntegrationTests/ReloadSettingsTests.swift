import Glibc
import TestSupport
import Testing

/// Settings that change under clients that are connected: from their next request on.
@Suite(.throughTheAmbassador)
struct ReloadSettingsTests {
  @Test func `reads.max-lag: a replica that lags is not read from then on, and again when there is no bound`() throws {
    let group = try RedisGroup(replicas: 1, relayed: true)
    func configuration(_ lag: String) -> String {
      ReloadLab.following(group, "reads: {consistency: eventual, max-lag: \(lag)}\n")
    }
    try group.seed([["SET", "key", "old"]])
    try ReloadLab.with(configuration("off")) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: true)
      let client = try lab.ambassador.connect()
      group.relays[0].hold()
      try expectEqual(try client.call("SET", "key", "new"), .simple("OK"))
      for _ in 0..<20 { try expectEqual(try client.call("GET", "key"), .bulk("old"), "no bound") }
      try lab.reload(configuration("200ms"))
      try eventually("the primary is read instead") { try client.call("GET", "key") == .bulk("new") }
      for _ in 0..<20 { try expectEqual(try client.call("GET", "key"), .bulk("new"), "too far behind") }
      try lab.reload(configuration("off"))
      try eventually("the replica is read again") { try client.call("GET", "key") == .bulk("old") }
    }
  }

  @Test func `upstream.max-pinned: those who have an upstream of their own keep it`() throws {
    let group = try RedisGroup(replicas: 0)
    func configuration(_ count: Int) -> String { ReloadLab.following(group, "upstream: {max-pinned: \(count)}\n") }
    try ReloadLab.with(configuration(3)) { lab in
      let clients = try (0..<4).map { _ in try lab.ambassador.connect() }
      func watch(_ index: Int) throws -> RESPValue { try clients[index].call("WATCH", "key:\(index)") }
      func isRefused(_ reply: RESPValue) -> Bool { reply.errorText?.hasPrefix("AMBBUSY ") == true }
      for index in 0..<3 { try expectEqual(try watch(index), .simple("OK")) }
      try check(isRefused(try watch(3)), "a fourth")
      try lab.reload(configuration(1))
      for index in 0..<3 {
        try expectEqual(
          try clients[index].pipeline([["MULTI"], ["SET", "key:\(index)", "1"], ["EXEC"]]),
          [.simple("OK"), .simple("QUEUED"), .array([.simple("OK")])])
      }
      try expectEqual(try watch(0), .simple("OK"))
      try check(isRefused(try watch(1)), "a second")
      try lab.reload(configuration(4))
      for index in 1..<4 { try expectEqual(try watch(index), .simple("OK")) }
    }
  }

  @Test func `limits.client-output: it holds for clients that are connected`() throws {
    let group = try RedisGroup(replicas: 0)
    func configuration(_ size: String) -> String { ReloadLab.following(group, "limits: {client-output: \(size)}\n") }
    try ReloadLab.with(configuration("64MiB")) { lab in
      let subscriber = try lab.ambassador.connect(receiveBuffer: 4096)
      let publisher = try lab.ambassador.connect()
      try subscriber.call("SUBSCRIBE", "news")
      let message = String(repeating: "x", count: 100_000)
      for _ in 0..<50 { try expectEqual(try publisher.call("PUBLISH", "news", message), .integer(1)) }
      try check(!lab.ambassador.log.contains("closed: "), lab.ambassador.log)
      try lab.reload(configuration("1MiB"))
      try eventually("it is closed") {
        _ = try publisher.call("PUBLISH", "news", message)
        return lab.ambassador.log.contains("closed: ")
      }
      try expectEqual(try publisher.call("PUBLISH", "news", "x"), .integer(0))
    }
  }

  @Test func `reads.policy primary reaches a client that has reads under way`() throws {
    let group = try RedisGroup(replicas: 1)
    func configuration(_ policy: String) -> String { ReloadLab.following(group, "reads: {policy: \(policy)}\n") }
    try ReloadLab.with(configuration("prefer-replica")) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: true)
      let client = try lab.ambassador.connect()
      let control = try lab.control()
      for round in 0..<5 {
        try eventually("the replica is read") {
          try group.calls(of: "get") { try client.call("GET", "key") } == [0, 1]
        }
        let before = try group.replicas[0].calls(of: "get")
        group.replicas[0].freeze()
        try client.send(Request.bytes(["GET", "key"]))
        try lab.replace(configuration("primary"))
        try check(!(try control.call("RELOAD").isError), "RELOAD")
        // Behind the first, which is asked elsewhere when the replica is silent for 100 ms.
        try client.send(Request.bytes(["GET", "key"]))
        pause(.milliseconds(20))
        group.replicas[0].thaw()
        try expectEqual(try client.replies(2), [.nullBulk, .nullBulk])
        // And nothing after it, whatever the replica had got before.
        let calls = try group.calls(of: "get") { for _ in 0..<20 { try client.call("GET", "key") } }
        try expectEqual(calls, [20, 0], "round \(round)")
        try check(try group.replicas[0].calls(of: "get") <= before + 1, "round \(round): the second went there, too")
        try lab.replace(configuration("prefer-replica"))
        try check(!(try control.call("RELOAD").isError), "RELOAD")
      }
    }
  }

  @Test func `log.level: what is less important is written from then on, and no more`() throws {
    let group = try RedisGroup(replicas: 0)
    func configuration(_ level: String) -> String { ReloadLab.following(group, "log: {level: \(level)}\n") }
    try ReloadLab.with(configuration("error")) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: false)
      let control = try lab.control()
      func reload(_ level: String) throws {
        try lab.replace(configuration(level))
        try check(!(try control.call("RELOAD").isError), "RELOAD")
      }
      try expectEqual(lab.ambassador.log, "")
      try reload("info")
      try expectEqual(lab.count(" INFO \(ReloadLab.inForce)"), 1, lab.ambassador.log)
      try reload("error")
      let before = lab.ambassador.log
      try reload("warning")
      try expectEqual(lab.ambassador.log, before)
    }
  }

  @Test func `require-auth: those who are connected go on, others must authenticate`() throws {
    let group = try RedisGroup(replicas: 0)
    try group.primary.call("ACL", "SETUSER", "joe", "on", ">secret", "~*", "&*", "+@all")
    let lease = try PortLease()
    func configuration(_ rule: String) -> String {
      ReloadLab.following(group, "listen: [{address: 127.0.0.1:\(lease.port)\(rule)}]\n")
    }
    try ReloadLab.with(configuration(""), listening: lease.port) { lab in
      let before = try lab.ambassador.connect()
      try expectEqual(try before.call("SET", "key", "1"), .simple("OK"))
      try lab.reload(configuration(", require-auth: true"))
      try expectEqual(try before.call("SET", "key", "2"), .simple("OK"))
      let after = try lab.ambassador.connect()
      try expectEqual(try after.call("GET", "key").errorText, "NOAUTH Authentication required.")
      try expectEqual(try after.call("AUTH", "joe", "secret"), .simple("OK"))
      try expectEqual(try after.call("GET", "key"), .bulk("2"))
      try lab.reload(configuration(", require-auth: false"))
      try expectEqual(try lab.ambassador.connect().call("GET", "key"), .bulk("2"))
    }
  }

  @Test func `a secret file that is read no more may be deleted, and the next change is still noticed`() throws {
    let group = try RedisGroup(replicas: 0)
    try group.primary.call("ACL", "SETUSER", "amb", "on", ">secret", "~*", "&*", "+@all")
    let secrets = try MountedVolume(["password": "secret"])
    let login = "upstream: {username: amb, password-file: \(secrets.file("password"))}\n"
    try ReloadLab.with(ReloadLab.following(group, login)) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: false)
      // In this order: the change itself must be noticed without it.
      secrets.remove()
      try lab.replace(ReloadLab.following(group))
      try eventually("it is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      for (index, level) in ["debug", "warning", "info"].enumerated() {
        try lab.replace(ReloadLab.following(group, "log: {level: \(level)}\n"))
        let control = try lab.control()
        try eventually("change \(index) is noticed") {
          try control.call("CONFIG", "GET", "log.level") == .array([.bulk("log.level"), .bulk(level)])
        }
      }
    }
  }
}
