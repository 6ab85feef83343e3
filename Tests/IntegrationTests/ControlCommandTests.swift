import Glibc
import TestSupport
import Testing

/// What the control socket's commands say and do, with real servers behind.
@Suite(.throughTheAmbassador)
struct ControlCommandTests {
  /// The lines of an answer.
  private func lines(_ lab: Lab, _ words: String...) throws -> [String] {
    let reply = try RESPClient(unixPath: lab.ambassador.controlSocket).call(words)
    if let text = reply.text { return [text] }
    guard let elements = reply.elements else { throw Failure("\(words): \(reply)") }
    return elements.compactMap(\.text)
  }

  private func text(_ lab: Lab, _ words: String...) throws -> String {
    let reply = try RESPClient(unixPath: lab.ambassador.controlSocket).call(words)
    return reply.text ?? reply.errorText ?? reply.elements.map { $0.compactMap(\.text).joined(separator: "\n") } ?? ""
  }

  /// A value of STATUS MAP by its keys.
  private func status(_ lab: Lab, _ path: String...) throws -> RESPValue {
    let control = try RESPClient(unixPath: lab.ambassador.controlSocket)
    try control.call("HELLO", "3")
    var value = try control.call("STATUS", "MAP")
    for key in path {
      guard case .map(let items) = value,
        let index = stride(from: 0, to: items.count, by: 2).first(where: { items[$0].text == key })
      else { throw Failure("no \(key) in \(value)") }
      value = items[index + 1]
    }
    return value
  }

  @Test(arguments: [1, 2])
  func `requests, their routing and their times are counted`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      let before = try status(lab, "routing", "write-command")
      guard case .integer(let writes) = before else { throw Failure("\(before)") }
      let clients = try (0..<4).map { _ in try lab.connect() }
      for index in 0..<50 {
        for client in clients {
          try client.call("SET", "key:\(index)", "1")
          try client.call("GET", "other")
        }
      }
      try clients[0].call("MULTI")
      try clients[0].call("SET", "key", "1")
      try clients[0].call("EXEC")
      try expectEqual(try status(lab, "routing", "write-command"), .integer(writes + 200))
      guard let nodes = try status(lab, "nodes").elements else { throw Failure("no nodes") }
      try expectEqual(nodes.count, 3)
      func figure(_ node: RESPValue, _ kind: String, _ key: String) -> RESPValue? {
        var value: RESPValue? = node
        for key in ["classes", kind, key] {
          guard case .map(let items) = value else { return nil }
          value = zip(items, items.dropFirst()).first { $0.0.text == key }?.1
        }
        return value
      }
      guard case .integer(let sent)? = figure(nodes[0], "write", "requests"), sent >= 200,
        case .integer(let ofSession)? = figure(nodes[0], "session", "requests"), ofSession == 3
      else { throw Failure("\(nodes[0])") }
      try eventually("times of writes are there") {
        guard let node = try status(lab, "nodes").elements?.first,
          case .integer(let count)? = figure(node, "write", "samples")
        else { return false }
        return count > 0
      }
    }
  }

  @Test func `EXPLAIN says where and why, and nothing that is nobody's business`() throws {
    try withLab(flags: ["--reads-consistency", "eventual"]) { lab in
      let read = try text(lab, "EXPLAIN", "get", "user:1")
      try check(read.contains("get goes to a replica (readonly-command)"), read)
      try check(read.contains("keys: user:1") && read.contains(lab.replicas[0].address), read)
      let write = try text(lab, "EXPLAIN", "SET", "user:1", "hunter2")
      try check(write.contains("set goes to the primary (write-command)") && write.contains(lab.primary.address), write)
      try check(!write.contains("hunter2"), write)
      for words in [
        ["AUTH", "joe", "hunter2"], ["HELLO", "3", "AUTH", "joe", "hunter2"], ["hunter2"],
        ["CONFIG", "SET", "requirepass", "hunter2"],
      ] {
        let reply = try RESPClient(unixPath: lab.ambassador.controlSocket).call(["EXPLAIN"] + words)
        try check(!"\(reply)".contains("hunter2") && !reply.isError, "\(reply)")
      }
      try check(try text(lab, "EXPLAIN", "GET").contains("wrong number of arguments"), "GET alone")
      try check(try text(lab, "EXPLAIN", "blpop", "k", "0").contains("upstream of its own"), "BLPOP")
      try check(try text(lab, "EXPLAIN", "whatever").contains("unknown-command"), "unknown")
    }
  }

  @Test func `a key that was just written is explained by its fence`() throws {
    try withLab(relayed: true) { lab in
      for relay in lab.redis.relays { relay.hold() }
      try lab.connect().call("SET", "key", "1")
      let behind = try text(lab, "EXPLAIN", "GET", "key")
      try check(behind.contains("read-your-writes: ") && behind.contains("\(lab.primary.address), the primary"), behind)
    }
  }

  @Test func `clients and connections are listed`() throws {
    try withLab(flags: ["--threads", "2"]) { lab in
      let blocked = try lab.connect()
      try blocked.call("CLIENT", "SETNAME", "waiter")
      try blocked.send(Request.bytes(["BLPOP", "nothing", "0"]))
      let others = try (0..<300).map { _ in try lab.connect() }
      for client in others { try client.call("PING") }
      try eventually("the blocked one is seen") {
        try lines(lab, "CLIENTS", "1000").contains {
          $0.contains("waiter") && $0.contains("blocked") && $0.contains("blpop")
        }
      }
      try expectEqual(try lines(lab, "CLIENTS").count, 101)
      // Those of the lab's own start are there as well.
      try check(try lines(lab, "CLIENTS", "1000").count >= 302, "all clients")
      try check(try lines(lab, "LANES").contains { $0.contains("own") && $0.contains(lab.primary.address) }, "LANES")
      try check(try text(lab, "TOPOLOGY").contains("primary  \(lab.primary.address)"), "TOPOLOGY")
      try check(try text(lab, "CLIENTS", "0").hasPrefix("ERR"), "CLIENTS 0")
      withExtendedLifetime(others) {}
    }
  }

  @Test func `a slow request is in the log, its value is not`() throws {
    try withLab(replicas: 0, options: ["--enable-debug-command", "yes"]) { lab in
      let client = try lab.connect()
      try client.call(
        "EVAL",
        "local t = redis.call('TIME') local s = t[1] * 1000000 + t[2] repeat t = redis.call('TIME') until t[1] * 1000000 + t[2] > s + 30000 return redis.call('SET', KEYS[1], ARGV[1])",
        "1", "slow:key", "hunter2")
      try client.call("DEBUG", "SLEEP", "0.03")
      let log = try text(lab, "SLOWLOG")
      try check(log.contains("EVAL") && log.contains("DEBUG") && log.contains(lab.primary.address), log)
      try check(!log.contains("hunter2"), log)
      try expectEqual(try text(lab, "SLOWLOG", "RESET"), "OK")
      try expectEqual(try text(lab, "SLOWLOG"), "nothing was slow")
    }
  }

  @Test func `of a slow request the log has the command and the first key, and nothing else`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      for (words, outline) in [
        (["SET", "slow:key", "hunter2"], "SET slow:key"), (["GETSET", "slow:key", "hunter2"], "GETSET slow:key"),
        (["MSET", "slow:key", "hunter2", "hunter3", "hunter4"], "MSET slow:key"),
        (["SET", "slow:key", "hunter2", "EX", "100"], "SET slow:key"),
        (["CONFIG", "SET", "masterauth", "hunter2"], "CONFIG|SET"),
      ] {
        try expectEqual(try text(lab, "SLOWLOG", "RESET"), "OK")
        lab.primary.freeze()
        try client.send(Request.bytes(words))
        pause(.milliseconds(50))
        lab.primary.thaw()
        try check(!(try client.reply().value.isError), "\(words)")
        let log = try lines(lab, "SLOWLOG")
        try check(
          log.contains { $0.hasSuffix("  \(outline)") || $0.contains("  \(outline) (and ") }, "\(outline): \(log)")
        try check(!log.contains { $0.contains("hunter") }, "\(log)")
      }
    }
  }

  @Test func `settings are shown as they are in force, and no password`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("hunter2\n", to: "password")
    let group = try RedisGroup(replicas: 0)
    try group.primary.connect().call("CONFIG", "SET", "requirepass", "hunter2")
    let ambassador = try AmbassadorProcess(
      primary: group.primary.address, flags: ["--upstream-password-file", file, "--reads-policy", "any"])
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    let control = try RESPClient(unixPath: ambassador.controlSocket)
    try expectEqual(try control.call("CONFIG", "GET", "reads.p*"), .array([.bulk("reads.policy"), .bulk("any")]))
    for words in [["CONFIG", "GET", "*"], ["STATUS"], ["STATUS", "JSON"], ["LANES"], ["TOPOLOGY"]] {
      let reply = "\(try control.call(words))"
      try check(!reply.contains("hunter2"), reply)
    }
    try check(try control.call("CONFIG", "SET", "reads.policy", "any").isError, "CONFIG SET")
  }
}
