import TestSupport
import Testing

/// Without a primary nothing is pretended, nobody is disconnected, and all is well when it is back.
@Suite(.throughTheAmbassador)
struct PrimaryFailureTests {
  @Test func `a primary that is not there yet: clear errors, then it works`() throws {
    let primary = try RedisServer(started: false)
    let ambassador = try AmbassadorProcess(primary: primary.address, flags: ["--failover-hold", "0s"])
    do {
      let client = try ambassador.connect()
      try check(try client.call("SET", "key", "value").isError, "SET without a primary")
      try check(try client.call("GET", "key").isError, "GET without any node")
      try expectEqual(try client.call("CLIENT", "GETNAME"), .nullBulk, "what needs no node")
      try primary.start()
      try eventually("writes work") { try client.call("SET", "key", "value") == .simple("OK") }
      try eventually("reads work") { try client.call("GET", "key") == .bulk("value") }
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }

  @Test func `a pipeline without any node: one error for each request, in step`() throws {
    let primary = try RedisServer(started: false)
    let ambassador = try AmbassadorProcess(primary: primary.address, flags: ["--failover-hold", "0s"])
    let client = try ambassador.connect()
    let replies = try client.pipeline((0..<500).map { ["SET", "key:\($0)", "value"] })
    try check(replies.allSatisfy(\.isError), "\(replies.first { !$0.isError }!)")
    try expectEqual(try client.call("CLIENT", "SETNAME", "in-step"), .simple("OK"))
    try expectEqual(try client.call("CLIENT", "GETNAME"), .bulk("in-step"))
  }

  @Test func `the primary dies with a write in flight: the client is told that nobody knows`() throws {
    try withLab { lab in
      let client = try lab.connect(patience: .seconds(60))
      try expectEqual(try client.call("SET", "key", "before"), .simple("OK"))
      // Frozen first, so that the write is surely on its way when the primary is gone.
      lab.primary.freeze()
      try client.send(Request.bytes(pipeline: [["SET", "key", "lost"], ["INCR", "counter"], ["ECHO", "x"]]))
      pause(.milliseconds(200))
      lab.primary.kill()
      let reply = try client.reply().value
      try expectHonest(reply)
      let increment = try client.reply().value
      try check(increment.isError, "INCR on a primary that is gone: \(increment)")
      // ECHO may be answered without a node.
      let echo = try client.reply().value
      try check(echo.isError || echo == .bulk("x"), "ECHO: \(echo)")
      try expectWorksAgain(lab, client)
    }
  }

  @Test func `a write that cannot have run may wait or fail, but the connection stays`() throws {
    try withLab { lab in
      let client = try lab.connect(patience: .seconds(60))
      try expectEqual(try client.call("SET", "key", "before"), .simple("OK"))
      lab.primary.kill()
      for _ in 0..<3 { try expectHonest(try client.call("SET", "key", "while away")) }
      try expectWorksAgain(lab, client)
    }
  }

  @Test(arguments: [0, 2])
  func `a primary that is busy for a while is waited for`(replicas: Int) throws {
    try withLab(replicas: replicas, flags: ["--upstream-timeout", "300ms"]) { lab in
      let client = try lab.connect()
      try expectEqual(try client.call("INCR", "counter"), .integer(1))
      let sleeper = try lab.primary.connect()
      try sleeper.send(Request.bytes(["DEBUG", "SLEEP", "1.5"]))
      pause(.milliseconds(20))
      try expectEqual(try client.call("INCR", "counter"), .integer(2))
    }
  }

  @Test func `reads go on without the primary`() throws {
    try withLab { lab in
      let readers = try Bystanders(lab, clients: 8, echoes: false)
      try readers.goOn()
      lab.primary.kill()
      try readers.goOn(3000)
      let slowest = readers.slowest
      try check(slowest < .seconds(5), "a read took \(slowest)")
      try readers.stop()
    }
  }

  @Test func `the primary dies under writes: an acknowledged write was made once, no other twice`() throws {
    try withLab(replicas: 1, options: ["--appendonly", "yes", "--appendfsync", "always"]) { lab in
      let tally = try (0..<4).map { index in (key: "counter:\(index)", client: try lab.connect(patience: .seconds(60)))
      }
      var acknowledged = Array(repeating: 0, count: 4)
      var unknown = Array(repeating: 0, count: 4)
      for round in 0..<3 {
        let writers = Crew(1) { _, _ in
          pause(.milliseconds(200 + 100 * round))
          try lab.primary.restart()
        }
        let end = Deadline(within: .seconds(3))
        while !end.isOver {
          for (index, entry) in tally.enumerated() {
            switch try entry.client.call("INCR", entry.key) {
            case .integer: acknowledged[index] += 1
            case .error(let text) where text.hasPrefix("AMBUNKNOWN"): unknown[index] += 1
            case .error: break
            case let reply: throw Failure("INCR: \(reply)")
            }
          }
        }
        try writers.finish()
      }
      for (index, entry) in tally.enumerated() {
        let count = try lab.primary.call("GET", entry.key).text.flatMap { Int($0) } ?? 0
        let range = acknowledged[index]...acknowledged[index] + unknown[index]
        try check(range.contains(count), "\(entry.key) is \(count), acknowledged and unknown allow \(range)")
      }
    }
  }

  @Test(.enabled(if: Tool.hosts != nil, "there are no user namespaces (unshare --map-root-user --mount)"))
  func `the primary's name stands for another server: the old one gets no more writes`() throws {
    let old = try RedisServer()
    let directory = try TemporaryDirectory()
    // The same port on another address of the loopback interface; nobody but the ambassador talks to it.
    let new = try ChildProcess(
      ["/usr/bin/redis-server", "--port", "\(old.port)", "--bind", "127.0.0.2", "--save", "", "--dir", directory.path],
      output: directory.file("log"))
    try eventually("the new server is ready") { new.output.contains("Ready to accept connections") }
    let hosts = try directory.write("127.0.0.1 moving-primary\n", to: "hosts")
    let ambassador = try AmbassadorProcess(primary: "moving-primary:\(old.port)", hosts: hosts)
    do {
      let (first, second) = (try ambassador.connect(), try ambassador.connect())
      try expectEqual(try first.call("SET", "key", "before"), .simple("OK"))
      old.freeze()
      try first.send(Request.bytes(["SET", "key", "nobody knows"]))
      _ = try directory.write("127.0.0.2 moving-primary\n", to: "hosts")
      try eventually("the new one is the primary") {
        ambassador.report.ranges(of: "primary is moving-primary").count == 2
      }
      try second.send(Request.bytes(["SET", "new", "value"]))
      pause(.milliseconds(200))
      old.thaw()
      try expectEqual(try second.reply().value, .simple("OK"))
      try expectEqual(try old.call("EXISTS", "new"), .integer(0), "on the old one")
      try expectEqual(try second.call("EXISTS", "new"), .integer(1), "on the new one")
      try check(try first.reply().value.errorText?.hasPrefix("AMBUNKNOWN") == true, "the write in flight")
    } catch { throw Failure("\(error)\n\(ambassador.report)") }
  }

  /// The write's fate is unknown and said to be, or it provably was not made, or it waited and was made.
  private func expectHonest(_ reply: RESPValue) throws {
    guard reply != .simple("OK") else { return }
    guard let text = reply.errorText else { throw Failure("not an error: \(reply)") }
    let notExecuted = ["LOADING", "MASTERDOWN", "CLUSTERDOWN", "AMB"].contains { text.hasPrefix($0) }
    try check(notExecuted, "an error that says what it is: \(text)")
  }

  private func expectWorksAgain(_ lab: Lab, _ client: RESPClient) throws {
    try lab.primary.restart()
    try eventually("writes work on the same connection") { try client.call("SET", "key", "after") == .simple("OK") }
    try lab.redis.waitUntilLinked()
    try eventually("reads work on the same connection") { try client.call("GET", "key") == .bulk("after") }
  }
}
