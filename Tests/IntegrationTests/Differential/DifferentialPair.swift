import TestSupport

/// A bare redis-server and the service under test, which are asked the same.
final class DifferentialPair {
  private let port: UInt16
  private let bare: RedisServer
  /// What clients of both have to give first, if anything.
  private let password: String?
  private let commands: [String]
  private let digests: [String]

  /// With other words than the grammar's these end a server, wait for ever, depend on the clock or on chance, or make a
  /// connection one whose replies cannot be counted.
  private static let excluded: Set<String> = [
    "acl", "bgrewriteaof", "bgsave", "client", "cluster", "command", "config", "debug", "failover", "function", "info",
    "latency", "lolwut", "memory", "migrate", "module", "monitor", "object", "pfdebug", "pfselftest", "psync", "pubsub",
    "replconf", "replicaof", "role", "save", "script", "shutdown", "slaveof", "slowlog", "sync", "wait", "xread",
    "xreadgroup", "expire", "pexpire", "setex", "psetex", "getex", "restore", "restore-asking", "spop", "time", "auth",
    "hello", "quit", "reset", "multi", "exec", "discard", "blpop", "brpop", "blmove", "blmpop", "brpoplpush",
    "bzpopmin",
    "bzpopmax", "bzmpop", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe",
  ]

  /// - Parameter port: of the service under test.
  init(port: UInt16, password: String? = nil) throws {
    self.port = port
    self.password = password
    bare = try RedisServer()
    let client = try bare.connect()
    commands = (try client.call("COMMAND", "LIST").elements ?? []).compactMap(\.text)
      .filter { !Self.excluded.contains($0) && !$0.contains("|") }.sorted()
    digests = try Grammar.scripts.compactMap { try client.call("SCRIPT", "LOAD", $0).text }
    if let password { try client.call("CONFIG", "SET", "requirepass", password) }
  }

  /// Two connections to each side; they take turns, so that what one does is done before the other goes on.
  func run(seed: UInt64) throws {
    var session = RandomSession(seed: seed, commands: commands, digests: digests)
    for port in [port, bare.port] {
      let client = try RESPClient(port: port)
      if let password { try client.call("AUTH", password) }
      for words in [["FLUSHALL"], ["SCRIPT", "FLUSH"], ["FUNCTION", "FLUSH"], ["CLIENT", "UNPAUSE"]] {
        try client.call(words)
      }
    }
    let versions = [2 + session.roll(2), 2 + session.roll(2)]
    let clients = try versions.map {
      try ComparedConnection(ports: (port, bare.port), version: $0, isLocked: password != nil)
    }
    var history: [String] = []
    do {
      for _ in 0..<(4 + session.roll(12)) {
        let index = session.roll(2)
        try clients[index].turn(session.pipeline(), others: [clients[1 - index]], &session) {
          history.append("\(index)> \($0)")
        }
      }
      for client in clients { try client.finish(&session) }
    } catch {
      let shown = history.suffix(DifferentialTests.seeds.count == 1 ? 10_000 : 10)
      throw Failure("\(error)\n  after\n  " + shown.joined(separator: "\n  "))
    }
  }
}

/// The same connection twice.
final class ComparedConnection {
  private let service: RESPClient
  private let bare: RESPClient
  private var model: ReplyModel
  /// The requests of the transaction that the server has queued.
  private var queued: [[[UInt8]]] = []

  init(ports: (service: UInt16, bare: UInt16), version: Int, isLocked: Bool) throws {
    service = try RESPClient(port: ports.service, patience: .seconds(10))
    bare = try RESPClient(port: ports.bare, patience: .seconds(10))
    model = ReplyModel(version: isLocked ? 2 : version, isLocked: isLocked)
    if version == 3, !isLocked { for client in [service, bare] { try client.call("HELLO", "3") } }
  }

  /// Sends one pipeline to both sides and compares all that comes.
  func turn(
    _ steps: [RandomSession.Step], others: [ComparedConnection], _ session: inout RandomSession, note: (String) -> Void
  ) throws {
    let sent = steps.filter { $0.words.isEmpty || model.allows($0.words) }
    var bytes: [UInt8] = []
    var expected: [(words: [[UInt8]], replies: Int, messages: Int)] = []
    var toOthers = 0
    var barred = 0
    for step in sent {
      // Whether it may be sent depends on those before it.
      guard !step.words.isEmpty else {
        bytes += step.bytes
        continue
      }
      guard model.allows(step.words), !isTooMuch(step.words, behind: expected.count, &barred) else { continue }
      let messages = messages(of: step.words, to: [self])
      toOthers += self.messages(of: step.words, to: others)
      bytes += step.bytes
      expected.append((step.words, model.replies(to: step.words), messages))
      note(step.words.map { String($0.printable.dropFirst().dropLast().prefix(60)) }.joined(separator: " "))
    }
    try send(bytes, &session)
    for (words, replies, messages) in expected {
      for index in 0..<(replies + messages) {
        try compareNext(words, isLast: index == replies + messages - 1, of: messages)
      }
    }
    for _ in 0..<toOthers {
      for other in others { try other.compareNext([Array("(message)".utf8)], isLast: false, of: 0) }
    }
  }

  /// A server closes the connection of whoever has yet to authenticate and leaves more than 1 KiB of replies unread that do
  /// not fit the connection's own buffer, of 1 to 16 KiB (CVE-2025-21605); when, is a matter of chance. RESET makes a
  /// client one of those, with the replies that it has not read.
  private func isTooMuch(_ words: [[UInt8]], behind others: Int, _ barred: inout Int) -> Bool {
    let name = String(decoding: words[0], as: UTF8.self).lowercased()
    guard model.isBarred else { return model.isLocked && name == "reset" && others > 0 }
    barred += 1
    return barred > 4 && name != "auth"
  }

  /// What is left is compared to the end of the connections; sometimes with nonsense at the end.
  func finish(_ session: inout RandomSession) throws {
    let last = session.pick([
      "", "*1\r\n$abc\r\n", "*x\r\n", "*2\r\n$3\r\nGET\r\n:1\r\n", "GET \"unbalanced\r\n", "*1\r\n$-5\r\n",
    ])
    let bytes = Array(last.utf8) + (last.isEmpty ? Request.bytes(["QUIT"]) : [])
    let seen = try [service, bare].map { client -> [UInt8] in
      try client.send(bytes)
      return try client.bytesUntilClosed()
    }
    try check(seen[0] == seen[1], "at the end, \(last): got \(seen[0].printable), expected \(seen[1].printable)")
  }

  /// In one piece or in some.
  private func send(_ bytes: [UInt8], _ session: inout RandomSession) throws {
    let cut = session.chance(4) && !bytes.isEmpty ? session.roll(bytes.count) : 0
    for client in [service, bare] {
      try client.send(Array(bytes[..<cut]))
      try client.send(Array(bytes[cut...]))
    }
  }

  /// How many messages the request adds to what `clients` are sent.
  private func messages(of words: [[UInt8]], to clients: [ComparedConnection]) -> Int {
    let name = String(decoding: words[0], as: UTF8.self).lowercased()
    guard name == "publish" || name == "spublish", words.count == 3, !model.isInTransaction, !model.isRestricted,
      !model.isBarred
    else {
      return 0
    }
    return clients.reduce(0) { $0 + $1.model.copies(of: words[1], isSharded: name == "spublish") }
  }

  private func compareNext(_ words: [[UInt8]], isLast: Bool, of messages: Int) throws {
    let expected: RESPClient.Reply
    do { expected = try bare.reply() } catch { throw Failure("\(Self.text(words)): the bare server: \(error)") }
    let got: RESPClient.Reply
    do { got = try service.reply() } catch {
      throw Failure("\(Self.text(words)): expected \(expected.value), but \(error)")
    }
    let agree = agreement(words, got, expected)
    if expected.value == .simple("QUEUED") { queued.append(words) }
    let name = String(decoding: words[0], as: UTF8.self).lowercased()
    if name == "multi" || name == "exec" || name == "discard" || name == "reset", !expected.value.isError {
      queued = []
    }
    try check(
      agree,
      "\(Self.text(words)): got \(got.value) \(got.bytes.printable), expected \(expected.value) \(expected.bytes.printable)"
    )
  }

  private func agreement(_ words: [[UInt8]], _ got: RESPClient.Reply, _ expected: RESPClient.Reply) -> Bool {
    if got.bytes == expected.bytes { return true }
    if String(decoding: words[0], as: UTF8.self).lowercased() == "exec", let items = got.value.elements,
      let others = expected.value.elements, items.count == others.count, items.count == queued.count
    {
      return zip(queued, zip(items, others)).allSatisfy { Mask($0).agree($1.0, $1.1) }
    }
    return Mask(words).agree(got, expected)
  }

  private static func text(_ words: [[UInt8]]) -> String {
    words.map { String($0.printable.dropFirst().dropLast().prefix(80)) }.joined(separator: " ")
  }
}
