import TestSupport
import Testing

/// MONITOR, tracking and RESET: what turns a connection into something else, and back.
struct ConnectionModeTests {
  @Test(arguments: [2, 3])
  func `MONITOR shows what the primary runs, until RESET`(version: Int) throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.call("HELLO", "\(version)")
      try expectEqual(try client.call("MONITOR"), .simple("OK"))
      let other = try lab.connect()
      try other.call("SET", "watch:me", "1")
      var line = ""
      while !line.contains("watch:me") { line = try client.reply().value.text ?? "" }
      try client.send(Request.bytes(pipeline: [["RESET"], ["ECHO", "back"]]))
      var value = try client.reply().value
      while value != .simple("RESET") { value = try client.reply().value }
      try expectEqual(try client.reply().value, .bulk("back"))
      try other.call("SET", "watch:me", "2")
      try expectEqual(try client.call("GET", "watch:me"), .bulk("2"))
    }
  }

  @Test func `MONITOR ends with QUIT`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.send(Request.bytes(pipeline: [["SET", "a", "1"], ["MONITOR"], ["QUIT"]]))
      let text = String(decoding: try client.bytesUntilClosed(), as: UTF8.self)
      try check(text.hasPrefix("+OK\r\n+OK\r\n"), text)
    }
  }

  private static func invalidation(_ key: String) -> RESPValue {
    .push([.bulk("invalidate"), .array([.bulk(key)])])
  }

  @Test(arguments: [[], ["NOLOOP"], ["BCAST"], ["BCAST", "PREFIX", "k"], ["OPTIN"], ["OPTOUT"]])
  func `invalidations reach the client that tracks`(options: [String]) throws {
    try withLab { lab in
      let (client, other) = (try lab.connect(), try lab.connect())
      try client.call("HELLO", "3")
      try client.call("SET", "key", "1")
      try expectEqual(try client.call(["CLIENT", "TRACKING", "ON"] + options), .simple("OK"))
      if options == ["OPTIN"] { try expectEqual(try client.call("CLIENT", "CACHING", "YES"), .simple("OK")) }
      // From the primary, so that it knows who caches what.
      try expectEqual(try client.call("GET", "key"), .bulk("1"))
      try other.call("SET", "key", "2")
      try expectEqual(try client.reply().value, Self.invalidation("key"))
      try expectEqual(try client.call("CLIENT", "TRACKING", "OFF"), .simple("OK"))
      try other.call("SET", "key", "3")
      try expectEqual(try client.call("ECHO", "quiet"), .bulk("quiet"))
    }
  }

  @Test func `invalidations are redirected by the ambassador's ids`() throws {
    try withLab(replicas: 0) { lab in
      let (listener, client, other) = (try lab.connect(), try lab.connect(), try lab.connect())
      guard case .integer(let id) = try listener.call("CLIENT", "ID") else { throw Failure("no id") }
      try listener.call("SUBSCRIBE", "__redis__:invalidate")
      try expectEqual(try client.call("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)"), .simple("OK"))
      try client.call("GET", "key")
      try other.call("SET", "key", "2")
      try expectEqual(
        try listener.reply().value,
        .array([.bulk("message"), .bulk("__redis__:invalidate"), .array([.bulk("key")])]))
    }
  }

  @Test(.throughTheAmbassador)
  func `a tracking client whose upstream is lost hears that everything may have changed, and tracks on`() throws {
    try withLab(replicas: 0) { lab in
      let (client, other) = (try lab.connect(), try lab.connect())
      try client.call("HELLO", "3")
      try client.call("CLIENT", "TRACKING", "ON")
      try client.call("GET", "key")
      try lab.primary.killClients { $0.contains(" flags=t ") }
      try expectEqual(try client.reply().value, .push([.bulk("invalidate"), .null]))
      try eventually("it tracks again") { try lab.primary.call("CLIENT", "LIST").text?.contains(" flags=t ") ?? false }
      try client.call("GET", "key")
      try other.call("SET", "key", "1")
      try expectEqual(try client.reply().value, Self.invalidation("key"))
    }
  }

  private static let everything: RESPValue = .array([.bulk("message"), .bulk("__redis__:invalidate"), .nullBulk])

  /// A client whose invalidations another one hears, and that one.
  private func redirected(_ lab: Lab) throws -> (tracker: RESPClient, listener: RESPClient, id: Int) {
    let (tracker, listener) = (try lab.connect(), try lab.connect())
    guard case .integer(let id) = try listener.call("CLIENT", "ID") else { throw Failure("no id") }
    try listener.call("SUBSCRIBE", "__redis__:invalidate")
    try expectEqual(try tracker.call("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)"), .simple("OK"))
    return (tracker, listener, id)
  }

  @Test(arguments: [2, 3])
  func `where invalidations go is told by the ambassador's ids`(version: Int) throws {
    try withLab(replicas: 0) { lab in
      let (tracker, _, id) = try redirected(lab)
      try tracker.call("HELLO", "\(version)")
      try expectEqual(try tracker.call("CLIENT", "GETREDIR"), .integer(id))
      let info = try tracker.call("CLIENT", "TRACKINGINFO")
      let fields: [RESPValue] = [
        .bulk("flags"), version == 3 ? .set([.bulk("on")]) : .array([.bulk("on")]), .bulk("redirect"), .integer(id),
        .bulk("prefixes"), .array([]),
      ]
      try expectEqual(info, version == 3 ? .map(fields) : .array(fields))
      let line = try tracker.call("CLIENT", "INFO").text ?? ""
      try check(line.contains(" redir=\(id) "), line)
      try tracker.call("CLIENT", "TRACKING", "OFF")
      try expectEqual(try tracker.call("CLIENT", "GETREDIR"), .integer(-1))
      try tracker.call("CLIENT", "TRACKING", "ON")
      try expectEqual(try tracker.call("CLIENT", "GETREDIR"), .integer(0))
      try expectEqual(try lab.connect().call("CLIENT", "GETREDIR"), .integer(-1))
    }
  }

  /// Among so many numbers are ids of upstreams.
  @Test(.throughTheAmbassador)
  func `nobody else hears of invalidations for a client that has no upstream`() throws {
    try withLab(replicas: 0) { lab in
      let tracker = try lab.connect()
      for id in 1...20 {
        try expectEqual(
          try tracker.call("CLIENT", "TRACKING", "ON", "REDIRECT", "\(id)"),
          .error("ERR The client ID you want redirect to does not exist"))
      }
    }
  }

  /// The server knows the one who hears of invalidations by its upstream: when that is another one, or the tracker's is,
  /// it must be told anew, and what was cached meanwhile counts as changed.
  @Test(.throughTheAmbassador, arguments: [1, 2], [" sub=1 ", " flags=t", "id="])
  func `redirected invalidations come again after an upstream is lost`(threads: Int, lost: String) throws {
    try withLab(replicas: 0, flags: ["--threads", "\(threads)"]) { lab in
      let (tracker, listener, id) = try redirected(lab)
      try tracker.call("GET", "key")
      try lab.primary.killClients { $0.contains(lost) && !$0.contains("cmd=client|list") }
      try expectEqual(try listener.reply().value, Self.everything)
      try eventually("it tracks again, and the listener is there") {
        let lines = try lab.primary.call("CLIENT", "LIST").text?.split(separator: "\n") ?? []
        let upstream = lines.first { $0.contains(" sub=1 ") }?.split(separator: " ").first?.dropFirst(3) ?? "none"
        return lines.contains { $0.contains(" flags=t ") && $0.contains(" redir=\(upstream) ") }
      }
      try tracker.call("GET", "key")
      try expectEqual(try tracker.call("CLIENT", "GETREDIR"), .integer(id))
      try lab.connect().call("SET", "key", "1")
      var heard = try listener.reply().value
      while heard == Self.everything { heard = try listener.reply().value }
      try expectEqual(heard, .array([.bulk("message"), .bulk("__redis__:invalidate"), .array([.bulk("key")])]))
    }
  }

  @Test(.throughTheAmbassador)
  func `redirection waits for the end of a transaction`() throws {
    try withLab(replicas: 0) { lab in
      let (tracker, listener, _) = try redirected(lab)
      _ = try tracker.pipeline([["MULTI"], ["SET", "other", "1"]])
      try lab.primary.killClients { $0.contains(" sub=1 ") }
      try eventually("the listener has another upstream") {
        try lab.primary.call("CLIENT", "LIST").text?.contains(" sub=1 ") == true
      }
      try expectEqual(try tracker.call("EXEC"), .array([.simple("OK")]))
      try expectEqual(try listener.reply().value, Self.everything)
      try tracker.call("GET", "key")
      try lab.connect().call("SET", "key", "1")
      try expectEqual(
        try listener.reply().value, .array([.bulk("message"), .bulk("__redis__:invalidate"), .array([.bulk("key")])]))
    }
  }

  /// Others mean a connection by its id: it must not become another client's.
  @Test(.throughTheAmbassador)
  func `an upstream whose id was told serves nobody else`() throws {
    try withLab(replicas: 0) { lab in
      let (tracker, listener, _) = try redirected(lab)
      try tracker.call("GET", "key")
      try listener.call("UNSUBSCRIBE", "__redis__:invalidate")
      try eventually("its upstream is closed") {
        let lines = try lab.primary.call("CLIENT", "LIST").text?.split(separator: "\n") ?? []
        let redir = lines.first { $0.contains(" flags=t") }?.split(separator: " ").first { $0.hasPrefix("redir=") }
        return redir.map { redir in !lines.contains { $0.hasPrefix("id=\(redir.dropFirst(6)) ") } } ?? false
      }
      // And when it listens again, it hears again.
      try listener.call("SUBSCRIBE", "__redis__:invalidate")
      try expectEqual(try listener.reply().value, Self.everything)
    }
  }

  @Test(.throughTheAmbassador)
  func `all prefixes are tracked again after an upstream is lost`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.call("HELLO", "3")
      for prefix in ["old", "aa", "bb"] {
        try expectEqual(try client.call("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix), .simple("OK"))
        if prefix == "old" { try client.call("CLIENT", "TRACKING", "OFF") }
      }
      try lab.primary.killClients { $0.contains(" flags=tB ") }
      try expectEqual(try client.reply().value, .push([.bulk("invalidate"), .null]))
      let info = try client.call("CLIENT", "TRACKINGINFO")
      guard case .map(let fields) = info, case .array(let prefixes) = fields.last else { throw Failure("\(info)") }
      try expectEqual(Set(prefixes.compactMap(\.text)), ["aa", "bb"])
      for key in ["aa1", "bb1"] {
        try lab.connect().call("SET", key, "1")
        try expectEqual(try client.reply().value, Self.invalidation(key))
      }
    }
  }

  /// In the middle of each state: RESET, and then an ordinary connection as new.
  @Test func `RESET ends every state`() throws {
    try withLab { lab in
      let states: [[[String]]] = [
        [["MULTI"], ["SET", "x", "1"]], [["WATCH", "k"]], [["WATCH", "k"], ["MULTI"]], [["SUBSCRIBE", "a"]],
        [["PSUBSCRIBE", "a"]], [["MONITOR"]], [["CLIENT", "TRACKING", "ON", "BCAST"]], [["CLIENT", "NO-EVICT", "ON"]],
        [["SELECT", "3"], ["WATCH", "k"]], [["CLIENT", "SETNAME", "me"]],
      ]
      for state in states {
        for version in [2, 3] {
          let client = try lab.connect()
          try client.call("HELLO", "\(version)")
          _ = try client.pipeline(state)
          try client.send(Request.bytes(["RESET"]))
          var value = try client.reply().value
          while value != .simple("RESET") { value = try client.reply().value }
          try expectEqual(
            try client.pipeline([["CLIENT", "GETNAME"], ["EXISTS", "x"], ["EXEC"], ["PING"]]),
            [.nullBulk, .integer(0), .error("ERR EXEC without MULTI"), .simple("PONG")], "\(state)")
        }
      }
    }
  }

  @Test func `CLIENT REPLY OFF loads much without an answer`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      let bystanders = try Bystanders(lab)
      let load = (0..<5000).map { ["SET", "key:\($0)", "\($0)"] }
      try client.send(Request.bytes(pipeline: [["CLIENT", "REPLY", "OFF"]] + load + [["CLIENT", "REPLY", "ON"]]))
      try expectEqual(try client.reply().value, .simple("OK"))
      try expectEqual(try client.call("GET", "key:4999"), .bulk("4999"))
      try expectEqual(try lab.primary.call("EXISTS", "key:0", "key:4999"), .integer(2))
      try bystanders.stop()
    }
  }

  @Test(.throughTheAmbassador, arguments: ["OFF", "SKIP"])
  func `whoever wants no replies is closed for nonsense without a word`(mode: String) throws {
    try withLab(replicas: 0) { lab in
      for nonsense in ["*x\r\n", "*1\r\n:1\r\n", "SET \"a\r\n"] {
        let client = try lab.connect()
        try client.send(Request.bytes(["CLIENT", "REPLY", mode]) + Array(nonsense.utf8))
        try expectEqual(try client.bytesUntilClosed(), [], nonsense)
      }
    }
  }

  @Test func `SHUTDOWN closes the connection of whoever asks for it`() throws {
    try withLab(replicas: 0) { lab in
      let client = try lab.connect()
      try client.send(Request.bytes(["SHUTDOWN", "NOSAVE"]))
      try expectEqual(try client.bytesUntilClosed(), [])
      try eventually("the server has ended") { !lab.primary.isRunning }
    }
  }
}
