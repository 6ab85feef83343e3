import TestSupport
import Testing

/// The HTTP server of the real binary: what it serves, and what its clients cannot do to it.
@Suite(.throughTheAmbassador)
struct HTTPTests {
  @Test func `every page is there`() throws {
    try withLab(replicas: 1) { lab in
      let ambassador = try lab.ambassador
      for (path, beginning) in [
        ("/livez", "alive\n"), ("/readyz", "ready\n"), ("/startupz", "started\n"), ("/metrics", "# HELP"),
        ("/status.json", "{\"version\""), ("/", "<!doctype html>"), ("/?x=1", "<!doctype html>"),
      ] {
        let reply = try ambassador.page(path)
        try expectEqual(reply.status, 200, path)
        try check(reply.body.hasPrefix(beginning), "\(path): \(reply.body.prefix(100))")
        try check(reply.head.contains("Content-Length: \(reply.body.utf8.count)\r\n"), "\(path): \(reply.head)")
      }
      try expectEqual(try ambassador.page("/nothing").status, 404)
      let metrics = try ambassador.page("/metrics").body
      for node in ["\(lab.primary.address)\",role=\"primary\"", "\(lab.replicas[0].address)\",role=\"replica\""] {
        try check(metrics.contains("redis_amb_node_up{node=\"\(node)} 1\n"), "\(node) is not in \(metrics)")
      }
    }
  }

  @Test(.needs(Tool.promtool, "promtool (make test puts it in .build)"))
  func `promtool finds nothing wrong with the metrics`() throws {
    let promtool = try #require(Tool.promtool)
    try withLab(replicas: 2) { lab in
      let client = try lab.connect()
      for index in 0..<100 { _ = try client.pipeline([["SET", "key:\(index)", "x"], ["GET", "key:\(index)"]]) }
      let metrics = try lab.ambassador.page("/metrics").body
      try expectEqual(try Tool.run([promtool, "check", "metrics"], input: metrics), "")
    }
  }

  @Test func `what is no request is refused, and the head alone can be had`() throws {
    try withLab(replicas: 0) { lab in
      let path = try lab.ambassador.httpSocket
      func status(_ text: String) throws -> Int { try RESPClient(unixPath: path).http(text).status }
      try expectEqual(try status("POST /metrics HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), 405)
      try expectEqual(try status("hello\r\n\r\n"), 400)
      try expectEqual(try status("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505)
      try expectEqual(try status("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 30_000) + "\r\n\r\n"), 431)
      let head = try RESPClient(unixPath: path).http("HEAD /metrics HTTP/1.1\r\n\r\n")
      try check(head.status == 200 && head.body.isEmpty && head.head.contains("Content-Length: "), head.head)
      // One that closes its side at once still gets its answer.
      let client = try RESPClient(unixPath: path)
      try client.send("GET /readyz HTTP/1.0\r\n\r\n")
      client.halfClose()
      try check(String(decoding: try client.bytesUntilClosed(), as: UTF8.self).hasSuffix("ready\n"), "half-closed")
    }
  }

  @Test func `a probe for liveness says nothing of Redis, one for readiness does`() throws {
    try withLab(replicas: 0, flags: ["--failover-hold", "2s"]) { lab in
      let ambassador = try lab.ambassador
      lab.primary.kill()
      try eventually("the loss is noticed") { try ambassador.page("/readyz").body.hasPrefix("no primary") }
      // For as long as requests would wait, it is ready.
      try expectEqual(try ambassador.page("/readyz").status, 200)
      try eventually("it is not ready any more") { try ambassador.page("/readyz").status == 503 }
      try expectEqual(try ambassador.page("/livez").status, 200)
      try expectEqual(try ambassador.page("/startupz").status, 200)
      try check(
        try ambassador.page("/metrics").body.contains("\nredis_amb_primary_known 0\n"), "redis_amb_primary_known")
      try lab.primary.restart()
      try eventually("it is ready again") { try ambassador.page("/readyz").body == "ready\n" }
    }
  }

  @Test func `a thousand clients that dawdle keep neither a probe nor a request waiting`() throws {
    try withLab(replicas: 0) { lab in
      let ambassador = try lab.ambassador
      let before = try ambassador.residentMemory
      let client = try lab.connect()
      let dawdlers = try (0..<1000).map { index in
        let dawdler = try RESPClient(unixPath: ambassador.httpSocket)
        // A third says nothing, a third half a request, and a third wants much and reads nothing.
        let text = ["", "GET /metrics HTTP/1.1\r\nX: ", "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"][index % 3]
        try? dawdler.send(text)
        if index % 100 == 0 {
          try expectEqual(try ambassador.page("/livez").status, 200)
          try expectEqual(try client.call("INCR", "n"), .integer(index / 100 + 1))
        }
        return dawdler
      }
      let clock = ContinuousClock()
      let slowest = try (0..<20).map { _ in
        try clock.measure { try expectEqual(try ambassador.page("/livez").status, 200) }
      }.max()!
      try check(slowest < .seconds(1), "a probe took \(slowest)")
      let grown = try ambassador.residentMemory - before
      try check(grown < 6 << 20, "grown by \(grown >> 10) KiB")
      print("\(testName): slowest of 20 probes \(slowest), \(grown >> 10) KiB more")
      try eventually(within: .seconds(10), "those that dawdle are closed") {
        dawdlers.allSatisfy { (try? $0.bytesUntilClosed()) != nil }
      }
    }
  }

  @Test func `a default address that is taken is told, another one is an error`() throws {
    try withLab(replicas: 0) { lab in
      // Whoever has it: somebody does when this one starts.
      let squatter = try? AmbassadorProcess(primary: lab.primary.address, flags: ["--admin-http", "127.0.0.1:9121"])
      let second = try AmbassadorProcess(
        primary: lab.primary.address, environment: ["REDIS_AMB_ADMIN_HTTP": "127.0.0.1:9121"])
      try expectEqual(try RESPClient(port: second.port).call("PING"), .simple("PONG"))
      let told = "no HTTP at 127.0.0.1:9121: address already in use; set admin.http to another address, or to none"
      try check(second.log.contains(told), second.log)
      withExtendedLifetime(squatter) {}
      let output = #expect(throws: Failure.self) {
        try Tool.run([
          AmbassadorProcess.binary, "run", "--listen", "127.0.0.1:0", "--admin-socket", "none", "--admin-http",
          lab.primary.address, "--primary", lab.primary.address,
        ])
      }
      try check("\(output.map { "\($0)" } ?? "")".contains("code(1)"), "\(String(describing: output))")
    }
  }

  @Test func `none is none`() throws {
    try withLab(replicas: 0, flags: ["--admin-http", "none"]) { lab in
      try check((try? lab.ambassador.page("/livez")) == nil, "there is a server")
    }
  }
}
