import Glibc
import TestSupport
import Testing

/// How the real binary begins and ends, and what it lives on.
@Suite(.throughTheAmbassador)
struct LifeTests {
  @Test func `SIGTERM under load: what was acknowledged was executed, and nothing else`() throws {
    let group = try RedisGroup(replicas: 1)
    let ambassador = try AmbassadorProcess(primary: group.primary.address)
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let port = ambassador.port
    let acknowledged = try TallyBoard(20)
    let crew = Crew(20) { index, _ in
      let client = try RESPClient(port: port)
      // Until the ambassador closes the connection.
      while let reply = try? client.call("INCR", "counter:\(index)") {
        guard case .integer(let count) = reply else { throw Failure("\(reply)") }
        acknowledged.set(index, count)
      }
    }
    try eventually("there is load") { acknowledged.total > 2000 }
    ambassador.signal(SIGTERM)
    try expectEqual(try ambassador.waitForExit(within: .seconds(5)), .code(0))
    try crew.finish(within: .seconds(10))
    for index in 0..<20 {
      try expectEqual(
        try group.primary.call("GET", "counter:\(index)"), .bulk("\(acknowledged[index])"), "client \(index)")
    }
  }

  @Test func `SIGTERM tells who is blocked, and closes who has subscribed`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address)
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let blocked = try RESPClient(port: ambassador.port)
    let subscribed = try RESPClient(port: ambassador.port)
    try blocked.send("BLPOP queue 0\r\n")
    _ = try subscribed.call("SUBSCRIBE", "news")
    try eventually("it is blocked") {
      try group.primary.call("INFO", "clients").text?.contains("blocked_clients:1") == true
    }
    let started = ContinuousClock.now
    ambassador.signal(SIGTERM)
    let said = String(decoding: try blocked.bytesUntilClosed(), as: UTF8.self)
    try expectEqual(said, "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n")
    try expectEqual(try subscribed.bytesUntilClosed(), [])
    try expectEqual(try ambassador.waitForExit(within: .seconds(5)), .code(0))
    try check(started.duration(to: .now) < .seconds(3), "it took \(started.duration(to: .now))")
    try expectEqual(try group.primary.call("RPUSH", "queue", "a"), .integer(1))
    try expectEqual(try group.primary.call("LLEN", "queue"), .integer(1))
  }

  /// What comes behind a client's first request waits in the ambassador, or is not even read, while the primary is silent.
  @Test(arguments: [10, 20_000, 100_000, 1_000_000, 1_200_000])
  func `what was sent before is answered, whatever it waits behind`(size: Int) throws {
    let group = try RedisGroup(replicas: 0)
    let sets = (0..<3).map { ["SET", "k:\($0)", String(repeating: "v", count: size)] }
    let pipelines: [[[String]]] = [
      sets, sets.flatMap { [$0, ["SELECT", "0"]] }, [["SET", "small", "1"]] + sets + [["GET", "small"]],
      [["MULTI"], sets[0], ["EXEC"], ["GET", "small"]],
    ]
    let ambassador = try AmbassadorProcess(primary: group.primary.address, flags: ["--shutdown-drain", "60s"])
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let clients = try pipelines.map { _ in try RESPClient(port: ambassador.port) }
    for client in clients { try expectEqual(try client.call("SET", "small", "1"), .simple("OK")) }
    group.primary.freeze()
    let sending = Crew(clients.count) { index, _ in
      try clients[index].send(Request.bytes(pipeline: pipelines[index]))
    }
    try eventually("they are on their way") { hasUnread(port: group.primary.port) }
    ambassador.signal(SIGTERM)
    try eventually("it is told") { ambassador.log.contains("SIGTERM: draining") }
    group.primary.thaw()
    for (client, pipeline) in zip(clients, pipelines) {
      let replies = try client.replies(pipeline.count)
      try check(replies.allSatisfy { !$0.isError }, "\(replies)")
      try expectEqual(try client.bytesUntilClosed(), [])
    }
    try sending.stop()
    try expectEqual(try ambassador.waitForExit(within: .seconds(5)), .code(0))
  }

  @Test func `an upload that passes through is taken to its end`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address, flags: ["--shutdown-drain", "30s"])
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let client = try RESPClient(port: ambassador.port)
    let request = Request.bytes(["SET", "k", String(repeating: "v", count: 3_000_000)])
    try client.send(Array(request.prefix(1_500_000)))
    try eventually("the primary has some of it") {
      try group.primary.info("clients")["client_recent_max_input_buffer"].flatMap { Int($0) } ?? 0 > 1_000_000
    }
    ambassador.signal(SIGTERM)
    try eventually("it is told") { ambassador.log.contains("SIGTERM: draining") }
    try client.send(Array(request.dropFirst(1_500_000)))
    try expectEqual(try client.reply().value, .simple("OK"))
    try expectEqual(try client.bytesUntilClosed(), [])
    try expectEqual(try ambassador.waitForExit(within: .seconds(5)), .code(0))
  }

  @Test func `shutdown.linger: it serves on until the app has gone`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address, flags: ["--shutdown-linger", "60s"])
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let first = try RESPClient(port: ambassador.port)
    try expectEqual(try first.call("PING"), .simple("PONG"))
    ambassador.signal(SIGTERM)
    try eventually("it is told") { ambassador.log.contains("SIGTERM: serving on while clients are connected") }
    let second = try RESPClient(port: ambassador.port)
    try expectEqual(try second.call("INCR", "n"), .integer(1))
    try expectEqual(try first.call("INCR", "n"), .integer(2))
    try expectEqual(try ambassador.page("/readyz").status, 200)
    first.close()
    second.close()
    try expectEqual(try ambassador.waitForExit(within: .seconds(10)), .code(0))
    try check(ambassador.log.contains("no client is connected: draining"), ambassador.log)
  }

  @Test func `a second signal ends it at once`() throws {
    let group = try RedisGroup(replicas: 0)
    for flags in [["--shutdown-linger", "60s"], ["--shutdown-drain", "60s"]] {
      let ambassador = try AmbassadorProcess(primary: group.primary.address, flags: flags)
      try ambassador.waitUntilServing(group, readsOnReplicas: false)
      let client = try stuckClient(of: ambassador, group)
      ambassador.signal(SIGTERM)
      try eventually("the first is noticed") { ambassador.log.contains("SIGTERM: ") }
      ambassador.signal(SIGINT)
      try expectEqual(try ambassador.waitForExit(within: .seconds(3)), .code(0))
      try check(ambassador.log.contains("SIGINT: ending now"), ambassador.log)
      withExtendedLifetime(client) {}
    }
  }

  @Test(arguments: [(SIGTERM, 0.5), (SIGINT, 1.0)])
  func `a client that is stuck holds it up for as long as it may, and no longer`(signal: Int32, seconds: Double) throws
  {
    let group = try RedisGroup(replicas: 0)
    let drain = signal == SIGINT ? "60s" : "500ms"
    let ambassador = try AmbassadorProcess(primary: group.primary.address, flags: ["--shutdown-drain", drain])
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let client = try stuckClient(of: ambassador, group)
    let started = ContinuousClock.now
    ambassador.signal(signal)
    try expectEqual(try ambassador.waitForExit(), .code(0))
    let took = started.duration(to: .now)
    try check(took > .seconds(seconds * 0.9) && took < .seconds(seconds + 2), "it took \(took)")
    withExtendedLifetime(client) {}
  }

  /// One that has asked for a reply and does not read it, which keeps a drain waiting.
  private func stuckClient(of ambassador: AmbassadorProcess, _ group: RedisGroup) throws -> RESPClient {
    let client = try RESPClient(port: ambassador.port)
    try group.primary.call("SETRANGE", "big", "8000000", "x")
    try client.send("GET big\r\n")
    _ = try client.receiveSome(atMost: 1)
    return client
  }

  @Test func `the service manager hears how it is`() throws {
    let group = try RedisGroup(replicas: 0)
    let directory = try TemporaryDirectory()
    let manager = try DatagramListener(path: directory.file("notify.sock"))
    let ambassador = try AmbassadorProcess(
      primary: group.primary.address, environment: ["NOTIFY_SOCKET": directory.file("notify.sock")])
    let ready = try manager.next()
    try expectEqual(ready, "READY=1\nSTATUS=serving on 127.0.0.1:\(ambassador.port)")
    ambassador.signal(SIGTERM)
    let stopping = try manager.next()
    try check(stopping.hasPrefix("STOPPING=1\n") && stopping.contains("STATUS=draining"), stopping)
    try expectEqual(try ambassador.waitForExit(), .code(0))
  }

  @Test func `a full disk for the log does not matter`() throws {
    let group = try RedisGroup(replicas: 0)
    let port = try PortLease().port
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "run", "--listen", "127.0.0.1:\(port)", "--primary", group.primary.address],
      environment: ["REDIS_AMB_ADMIN_SOCKET": "none", "REDIS_AMB_ADMIN_HTTP": "none"], output: "/dev/full")
    try eventually("it serves") { try RESPClient(port: port).call("INCR", "n").text == nil }
    process.signal(SIGTERM)
    try expectEqual(try process.waitForExit(), .code(0))
  }

  @Test func `ten thousand idle clients`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address)
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    try raiseDescriptorLimit(to: 11_000)
    let before = try ambassador.residentMemory
    let clients = try (0..<10_000).map { _ in try RESPClient(port: ambassador.port) }
    try eventually("all are there") { try ambassador.page("/metrics").body.contains("\nredis_amb_clients 10000\n") }
    let grown = try ambassador.residentMemory - before
    let clock = ContinuousClock()
    let slowest = try (0..<200).map { index in
      try clock.measure { try expectEqual(try clients[index * 50].call("PING"), .simple("PONG")) }
    }.max()!
    print("\(testName): \(grown / 10_000) bytes each, slowest of 200 PINGs \(slowest)")
    try check(grown < 12 << 20, "\(grown >> 10) KiB for 10,000 clients")
    ambassador.signal(SIGTERM)
    try expectEqual(try ambassador.waitForExit(within: .seconds(5)), .code(0))
    withExtendedLifetime(clients) {}
  }

  @Test func `limits that cannot hold are told with figures`() throws {
    let group = try RedisGroup(replicas: 0)
    let prlimit = try #require(Tool.find("prlimit"))
    let directory = try TemporaryDirectory()
    let port = try PortLease().port
    let process = try ChildProcess(
      [
        prlimit, "--nofile=512:512", AmbassadorProcess.binary, "run", "--listen", "127.0.0.1:\(port)", "--primary",
        group.primary.address,
      ], environment: ["REDIS_AMB_ADMIN_SOCKET": "none", "REDIS_AMB_ADMIN_HTTP": "none"], output: directory.file("log"))
    try eventually("it serves") { try RESPClient(port: port).call("PING") == .simple("PONG") }
    try check(
      process.output.contains("the limit of open files is 512 (ulimit -n): upstream.max-pinned is 1000"), process.output
    )
    // More clients than descriptors: those that fit are served.
    let clients = (0..<600).compactMap { _ in try? RESPClient(port: port) }
    try expectEqual(try clients[0].call("PING"), .simple("PONG"))
    for client in clients.dropFirst() { client.close() }
    try eventually("there is room again") {
      try RESPClient(port: port, patience: .seconds(1)).call("PING") == .simple("PONG")
    }
  }

  @Test func `clients for whom there is no descriptor are told, and everything else goes on`() throws {
    let group = try RedisGroup(replicas: 0)
    let prlimit = try #require(Tool.find("prlimit"))
    let directory = try TemporaryDirectory()
    let port = try PortLease().port
    try raiseDescriptorLimit(to: 1000)
    let (control, pages) = (directory.file("control.sock"), directory.file("http.sock"))
    let process = try ChildProcess(
      [
        prlimit, "--nofile=200:200", AmbassadorProcess.binary, "run", "--listen", "127.0.0.1:\(port)", "--primary",
        group.primary.address,
      ], environment: ["REDIS_AMB_ADMIN_SOCKET": control, "REDIS_AMB_ADMIN_HTTP": "unix:\(pages)"],
      output: directory.file("log"))
    do {
      try eventually("it serves") { try RESPClient(port: port).call("INCR", "n") == .integer(1) }
      let clients = try (0..<400).map { _ in try RESPClient(port: port) }
      // Those that came last have been told so, without asking.
      let surplus = clients.suffix(250)
      for client in surplus {
        let said = String(decoding: try client.bytesUntilClosed(), as: UTF8.self)
        try expectEqual(said, "-ERR max number of clients reached\r\n")
      }
      for client in clients.prefix(50) { try expectEqual(try client.call("PING"), .simple("PONG")) }
      try expectEqual(try clients[0].call("INCR", "n"), .integer(2))
      let live = try RESPClient(unixPath: pages).http("GET /livez HTTP/1.1\r\n\r\n")
      try expectEqual(live.status, 200, live.body)
      let metrics = try RESPClient(unixPath: pages).http("GET /metrics HTTP/1.1\r\n\r\n").body
      guard let line = metrics.split(separator: "\n").first(where: { $0.hasPrefix("redis_amb_clients_refused_total ") })
      else { throw Failure(metrics) }
      let count = Int(line.split(separator: " ")[1]) ?? 0
      try check(count >= 250 && count < 350, "\(line)")
      let status = try RESPClient(unixPath: control).call("STATUS").elements?.compactMap(\.text) ?? []
      try check(status.contains { $0.contains(", \(count) more refused; ") }, "\(status)")
      try check(process.output.contains("files are open, and the limit is 200 (ulimit -n)"), "no word in the log")
      for client in clients.prefix(20) { client.close() }
      try eventually("there is room again") { try RESPClient(port: port).call("INCR", "n") == .integer(3) }
      withExtendedLifetime(clients) {}
    } catch { throw Failure("\(error)\n\(process.output.suffix(3000))") }
  }

  @Test func `a wrong configuration is exit code 64, and what cannot be had 1`() throws {
    func end(_ flags: String...) throws -> (exit: ChildProcess.Exit, said: String) {
      let directory = try TemporaryDirectory()
      let process = try ChildProcess(
        [AmbassadorProcess.binary, "run"] + flags,
        environment: ["REDIS_AMB_ADMIN_SOCKET": "none", "REDIS_AMB_ADMIN_HTTP": "none"], output: directory.file("log"))
      return (try process.waitForExit(), process.output)
    }
    try expectEqual(try end("--primary", "a:b:c").exit, .code(64))
    try expectEqual(try end("--no-such-setting", "1").exit, .code(64))
    let taken = try RedisGroup(replicas: 0).primary
    let (exit, said) = try end("--primary", "redis:6379", "--listen", taken.address)
    try expectEqual(exit, .code(1))
    try expectEqual(
      said, "redis-amb: cannot listen on \(taken.address): address already in use; choose another with --listen\n")
    withExtendedLifetime(taken) {}
  }
}
