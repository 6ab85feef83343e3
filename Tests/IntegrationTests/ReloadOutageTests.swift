import Glibc
import TestSupport
import Testing

/// A reload while something else goes on: a pause, an outage, an earlier reload that has not drained yet.
@Suite(.throughTheAmbassador, .serialized)
struct ReloadOutageTests {
  private static let drained = "what was begun before is finished"

  @Test func `what waits in a pause goes on at the primary that a reload has put there`() throws {
    let (one, two) = (try RedisGroup(replicas: 1), try RedisGroup(replicas: 1))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: true)
      let control = try lab.control()
      let (writer, transactor) = (try lab.ambassador.connect(), try lab.ambassador.connect())
      try expectEqual(try control.call("PAUSE"), .simple("OK writes wait until RESUME; nothing is in flight"))
      try writer.send(Request.bytes(pipeline: [["INCR", "count"], ["APPEND", "text", "a"]]))
      try transactor.send(Request.bytes(pipeline: [["MULTI"], ["INCR", "count"], ["EXEC"]]))
      try eventually("both wait") { try lab.status(contains: "\"holds\":{\"clients\":2") }
      try lab.reload(ReloadLab.following(two))
      // It is still a pause, and not for want of a primary.
      try check(try lab.status(contains: "\"state\":\"paused\""), "the pause is over")
      try check(try lab.status(contains: "\"holds\":{\"clients\":2"), "somebody has not waited")
      try expectEqual(try two.primary.call("EXISTS", "count", "text"), .integer(0))
      try control.call("RESUME")
      let said = try writer.replies(2) + transactor.replies(3)
      try check(said.allSatisfy { !$0.isError }, "\(said)")
      try expectEqual(try two.primary.call("MGET", "count", "text"), .array([.bulk("2"), .bulk("a")]))
      try expectEqual(try one.primary.call("EXISTS", "count", "text"), .integer(0), "at the primary of before")
    }
  }

  @Test func `whoever waits for a primary that is gone is served by the one that a reload brings`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    let hold = "failover: {hold: 60s}\n"
    try ReloadLab.with(ReloadLab.following(one, hold)) { lab in
      let clients = try (0..<4).map { _ in try lab.ambassador.connect() }
      try clients[3].call("MULTI")
      try clients[3].call("SET", "late", "1")
      one.primary.kill()
      try eventually("the loss is noticed") { try lab.status(contains: "\"primary\":null") }
      try clients[0].send(Request.bytes(pipeline: [["SET", "a", "1"], ["GET", "a"]]))
      try clients[1].send(Request.bytes(pipeline: [["MULTI"], ["SET", "b", "1"], ["EXEC"]]))
      try clients[2].send(Request.bytes(["BLPOP", "queue", "0"]))
      try clients[3].send(Request.bytes(["EXEC"]))
      try eventually("they wait") { try lab.status(contains: "\"holds\":{\"clients\":4") }
      try lab.reload(ReloadLab.following(two, hold))
      try expectEqual(try clients[0].replies(2), [.simple("OK"), .bulk("1")])
      try expectEqual(try clients[1].replies(3), [.simple("OK"), .simple("QUEUED"), .array([.simple("OK")])])
      try expectEqual(try clients[3].reply().value, .array([.simple("OK")]), "opened again, as in a failover")
      try lab.ambassador.connect().call("RPUSH", "queue", "x")
      try expectEqual(try clients[2].reply().value, .array([.bulk("queue"), .bulk("x")]))
      try expectEqual(try two.primary.call("EXISTS", "a", "b", "late"), .integer(3))
    }
  }

  @Test func `a shorter failover.hold ends the waiting of those who wait already`() throws {
    let one = try RedisGroup(replicas: 0)
    try ReloadLab.with(ReloadLab.following(one, "failover: {hold: 60s}\n")) { lab in
      let client = try lab.ambassador.connect()
      one.primary.kill()
      try client.send(Request.bytes(["SET", "key", "1"]))
      try eventually("it waits") { try lab.status(contains: "\"holds\":{\"clients\":1") }
      try lab.reload(ReloadLab.following(one, "failover: {hold: 100ms}\n"))
      let reply = try client.reply().value
      try check(reply.errorText?.hasPrefix("AMBDOWN") == true, "got \(reply)")
    }
  }

  @Test func `while the primary is away, nodes without one do not take its place`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisServer(started: false))
    let hold = "failover: {hold: 60s}\n"
    try ReloadLab.with(ReloadLab.following(one, hold)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: false)
      one.primary.kill()
      try eventually("the loss is noticed") { try lab.status(contains: "\"primary\":null") }
      try lab.replace("topology: {static: {primary: \(two.address)}}\n" + hold)
      lab.ambassador.signal(SIGHUP)
      let client = try lab.ambassador.connect()
      try client.send(Request.bytes(["SET", "key", "1"]))
      // Longer than upstream.connect-timeout: by now all that can be known of it is known.
      pause(.milliseconds(1500))
      try check(!lab.ambassador.log.contains(ReloadLab.inForce), "nobody serves now")
      try one.primary.start()
      try expectEqual(try client.reply().value, .simple("OK"), "the one that was there is back")
      try expectEqual(try one.primary.call("EXISTS", "key"), .integer(1))
      try two.start()
      try eventually("it is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      try expectEqual(try client.call("SET", "other", "1"), .simple("OK"))
      try expectEqual(try two.call("EXISTS", "other"), .integer(1))
    }
  }

  @Test func `where nothing was ever served, another configuration need not be proven`() throws {
    let (nowhere, elsewhere) = (try RedisServer(started: false), try RedisServer(started: false))
    let one = try RedisGroup(replicas: 0)
    func following(_ address: String) -> String {
      "topology: {static: {primary: \(address)}}\nupstream: {connect-timeout: 200ms}\n"
    }
    try ReloadLab.with(following(nowhere.address)) { lab in
      let control = try lab.control()
      try lab.replace(following(elsewhere.address))
      let answer = try control.call("RELOAD")
      try check(!answer.isError, "\(answer)")
      try eventually("it says so") { try lab.status(contains: elsewhere.address) }
      let client = try lab.ambassador.connect()
      try client.send(Request.bytes(["SET", "key", "1"]))
      try lab.reload(following(one.primary.address))
      try expectEqual(try client.reply().value, .simple("OK"))
    }
  }

  @Test func `that what was begun is finished is said once, when all of it is, whatever is reloaded meanwhile`() throws
  {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    try ReloadLab.with(ReloadLab.following(one, "threads: 2\n")) { lab in
      let clients = try (0..<4).map { _ in try lab.ambassador.connect() }
      for client in clients { _ = try client.pipeline([["MULTI"], ["SET", "key", "1"]]) }
      try lab.reload(ReloadLab.following(two, "threads: 2\n"))
      try lab.reload(ReloadLab.following(two, "threads: 2\nreads: {policy: primary}\n"))
      for client in clients {
        try expectEqual(lab.count(Self.drained), 0, "a transaction is open")
        try expectEqual(try client.call("EXEC"), .array([.simple("OK")]))
        try expectEqual(try client.call("SET", "key", "2"), .simple("OK"))
      }
      try eventually("it is said") { lab.count(Self.drained) == 1 }
      // A reload that moves nothing has nothing to say.
      try lab.reload(ReloadLab.following(two, "threads: 2\nreads: {policy: any}\n"))
      try lab.reload(ReloadLab.following(one, "threads: 2\nreads: {policy: any}\n"))
      try eventually("it is said of the next that moves") { lab.count(Self.drained) == 2 }
    }
  }

  @Test func `a server that was given up is spoken to as it knows us`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    try one.primary.call("ACL", "SETUSER", "first", "on", ">first-secret", "~*", "&*", "+@all")
    try two.primary.call("ACL", "SETUSER", "second", "on", ">second-secret", "~*", "&*", "+@all")
    let directory = try TemporaryDirectory()
    func configuration(_ group: RedisGroup, _ user: String) throws -> String {
      let file = try directory.write("\(user)-secret", to: user)
      return ReloadLab.following(
        group, "upstream: {username: \(user), password-file: \(file)}\nreload: {drain: 200ms}\n")
    }
    try ReloadLab.with(try configuration(one, "first")) { lab in
      let (forever, limited) = (try lab.ambassador.connect(), try lab.ambassador.connect())
      try forever.send(Request.bytes(["BLPOP", "queue", "0"]))
      try limited.send(Request.bytes(["BLPOP", "queue", "100"]))
      try eventually("two wait") { try one.primary.info("clients")["blocked_clients"] == "2" }
      try lab.reload(try configuration(two, "second"))
      // It has ended both, which it does only for a user that it knows.
      try expectEqual(try limited.reply().value, .nullArray)
      try eventually("one waits elsewhere") { try two.primary.info("clients")["blocked_clients"] == "1" }
      try expectEqual(try lab.ambassador.connect().call("RPUSH", "queue", "x"), .integer(1))
      try expectEqual(try forever.reply().value, .array([.bulk("queue"), .bulk("x")]))
    }
  }

  @Test func `MONITOR ends with reload.drain, and not before`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    let drain = "reload: {drain: 500ms}\n"
    try ReloadLab.with(ReloadLab.following(one, drain)) { lab in
      let client = try lab.ambassador.connect()
      try expectEqual(try client.call("MONITOR"), .simple("OK"))
      try lab.reload(ReloadLab.following(two, drain))
      try one.primary.call("SET", "still", "heard")
      let said = String(decoding: try client.bytesUntilClosed(), as: UTF8.self)
      try check(said.contains("\"SET\" \"still\" \"heard\""), said)
    }
  }
}
