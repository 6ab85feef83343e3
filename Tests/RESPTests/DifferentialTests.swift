import RESP
import Testing

/// Holds our judgement against that of a real server, which is told nothing but ECHO and what becomes of it.
@Suite(
  .enabled(if: RedisServer.isInstalled, "redis-server is not installed at \(RedisServer.path)"), .serialized)
struct DifferentialTests {
  /// What a server must answer to `bytes`, if it reads requests as our scanner does. Unknown commands are answered with
  /// a text that is not predicted here: the whole line is taken from `answer`, which then need not agree.
  private func predicted(_ bytes: [UInt8], seeing answer: [UInt8], authenticated: Bool = true) -> [UInt8] {
    var output: [UInt8] = []
    var scanner = RequestScanner()
    scanner.isAuthenticated = authenticated
    var start = 0
    bytes.withUnsafeBytes { buffer in
      while true {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[start...])
        let progress = scanner.scan(rest)
        let request = UnsafeRawBufferPointer(rebasing: rest[..<scanner.position])
        switch progress {
        case .needMore: return
        case .malformed:
          scanner.error?.appendReply(to: &output)
          return
        case .complete:
          appendReply(to: RequestArguments(request).map { Array(request[$0.offset..<$0.end]) }, &output, answer)
        case .inline:
          do throws(RequestSyntaxError) {
            appendReply(to: try InlineCommand.arguments(of: request), &output, answer)
          } catch {
            error.appendReply(to: &output)
            return
          }
        }
        start += scanner.position
        scanner.reset()
      }
    }
    return output
  }

  private func appendReply(to arguments: [[UInt8]], _ output: inout [UInt8], _ answer: [UInt8]) {
    guard let name = arguments.first else { return }
    let word = String(decoding: name, as: UTF8.self).lowercased()
    if word == "ping" && arguments.count == 1 {
      ReplyWriter.appendSimpleString("PONG", to: &output)
    } else if word != "echo" {
      let line = answer.dropFirst(output.count).prefix { $0 != 0x0A }
      output += line.starts(with: "-ERR unknown command".utf8) ? line + [0x0A] : Array("<unknown command>".utf8)
    } else if arguments.count == 2 {
      ReplyWriter.appendBulk(arguments[1], to: &output)
    } else {
      ReplyWriter.appendError("ERR wrong number of arguments for 'echo' command", to: &output)
    }
  }

  @Test func malformedTable() throws {
    let server = try RedisServer()
    for (bytes, message) in malformedRequests {
      let answer = try server.askUntilClosed(bytes)
      #expect(answer == latin("-ERR \(message)\r\n"), "\(bytes.prefix(40))")
    }
  }

  @Test func unauthenticated() throws {
    let server = try RedisServer(options: ["--requirepass", "secret"])
    for text in [
      "*11\r\n", "*1\r\n$16385\r\n", "*1\r\n$536870913\r\n", "*2147483648\r\n", "*10\r\n", "*1\r\n$16384\r\n",
    ] {
      let answer = try server.ask(latin(text))
      #expect(answer == predicted(latin(text), seeing: answer, authenticated: false))
    }
  }

  @Test func inlineTable() throws {
    let server = try RedisServer()
    for line in inlineLines.map({ latin($0.line) }) + unbalancedLines.map(latin) {
      let bytes = line + latin("\r\nECHO end\r\n")
      let answer = try server.ask(bytes)
      #expect(answer == predicted(bytes, seeing: answer), "\(line)")
    }
  }

  @Test(arguments: 1...4) func randomRequests(seed: Int) throws {
    let server = try RedisServer()
    var generator = SplitMix64(seed: UInt64(seed))
    for _ in 0..<500 {
      var bytes: [UInt8] = []
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let payload = generator.bytes(.random(in: 0...(generator.chance(5) ? 200 : 12), using: &generator))
        if generator.chance(2) {
          RequestWriter.append([latin("ECHO"), payload], to: &bytes)
        } else {
          bytes += latin("echo \"") + payload.filter { $0 != 0x22 && $0 != 0x0A } + latin("\" \r\n")
        }
      }
      if !generator.chance(5) { generator.mutate(&bytes) }
      let answer = try server.ask(bytes)
      #expect(answer == predicted(bytes, seeing: answer), "\(bytes)")
    }
  }

  /// Every reply a server gives must end where the scanner says, in both protocol versions.
  @Test func realReplies() throws {
    let server = try RedisServer()
    let commands = [
      "SET k v", "GET k", "GET none", "INCR n", "RPUSH l a b c", "LRANGE l 0 -1", "HSET h f 1 g 2", "HGETALL h",
      "SADD s a b", "SMEMBERS s",
      "ZADD z 1.5 a inf b", "ZRANGE z 0 -1 WITHSCORES", "ZSCORE z b", "COMMAND", "COMMAND DOCS", "INFO", "CONFIG GET *",
      "CLIENT LIST",
      "LATENCY DOCTOR", "MEMORY STATS", "NOSUCH", "LPOP none", "MULTI", "PING", "EXEC",
      "DEBUG PROTOCOL bignum",
      "EVAL \"redis.setresp(3); return {double=3.5}\" 0", "EVAL \"return {1,{2,{3,false}},redis.status_reply('x')}\" 0",
      "SUBSCRIBE c", "UNSUBSCRIBE c", "FUNCTION LIST", "SCAN 0", "OBJECT HELP", "XADD x * a b", "XINFO STREAM x FULL",
      "LOLWUT",
    ]
    for version in ["2", "3"] {
      let lines = ["HELLO \(version)"] + commands + ["QUIT"]
      let answer = try #require(try server.askUntilClosed(latin(lines.map { $0 + "\r\n" }.joined())))
      var scanner = ReplyScanner()
      var start = 0
      var replies = 0
      try answer.withUnsafeBytes { buffer in
        while start < buffer.count {
          let progress = scanner.scan(UnsafeRawBufferPointer(rebasing: buffer[start...]))
          try #require(progress == .complete)
          replies += 1
          start += scanner.position
          scanner.reset()
        }
      }
      #expect(start == answer.count && replies == lines.count)
    }
  }

  /// RESP3's rarer types, as the server's own self-test sends them.
  @Test(arguments: [
    "string", "integer", "double", "null", "array", "set", "map", "attrib", "push", "verbatim", "true", "false",
    "bignum",
  ])
  func rareTypes(_ type: String) throws {
    let server = try RedisServer(options: ["--enable-debug-command", "yes"])
    for version in ["2", "3"] {
      let answer = try server.ask(latin("HELLO \(version)\r\nDEBUG PROTOCOL \(type)\r\n"))
      var scanner = ReplyScanner()
      #expect(scanner.outcome(answer, 0, answer.count).progress == .complete)
      let reply = Array(answer[scanner.position...])
      let (whole, differences) = ReplyScanner().scanEveryWay(reply)
      #expect(differences.isEmpty && whole.error == nil && whole.position <= reply.count, "\(reply)")
    }
  }

  @Test func canonicalErrors() throws {
    let replica = try RedisServer(options: ["--replicaof", "127.0.0.1", "1", "--replica-serve-stale-data", "no"])
    func kind(_ line: String, _ server: RedisServer) throws -> ReplyError {
      try server.ask(latin(line + "\r\n")).withUnsafeBytes { ReplyError(reply: $0) }
    }
    #expect(try kind("SET k v", replica) == .readOnly)
    #expect(try kind("GET k", replica) == .masterDown)
    let full = try RedisServer(options: ["--maxmemory", "1", "--requirepass", "", "--min-replicas-to-write", "0"])
    #expect(try kind("SET k v", full) == .outOfMemory)
    #expect(try kind("EVALSHA 0123456789012345678901234567890123456789 0", full) == .noScript)
    #expect(
      try kind("EVAL \"#!lua\\nreturn redis.call('SET', 'k', 'v')\" 0", full) == .outOfMemory,
      "refused before it starts")
    #expect(try kind("AUTH a b", full) == .wrongPassword)
    let lonely = try RedisServer(options: ["--min-replicas-to-write", "1"])
    #expect(try kind("SET k v", lonely) == .noReplicas)
    #expect(try kind("EVAL \"return redis.call('SET', KEYS[1], 'v')\" 1 k", lonely) == .other, "the script has started")
    let locked = try RedisServer(options: ["--requirepass", "secret"])
    #expect(try kind("GET k", locked) == .notAuthenticated)
  }
}
