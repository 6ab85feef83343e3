import Synchronization
import TestSupport
import Testing

@testable import Proxy

/// Where a thread waits until it is let through.
private final class Gate: Sendable {
  private let isOpen = Atomic(false)
  func open() { isOpen.store(true, ordering: .releasing) }
  func wait() { while !isOpen.load(ordering: .acquiring) { pause(.milliseconds(1)) } }
}

/// A primary that hangs, is doubted, and wakes before anybody takes its place.
@Suite("A primary in doubt")
struct DoubtedPrimaryTests {
  /// With a write on its way to a primary that hangs, is doubted and then executes it.
  private func withLateAcknowledgement(
    of request: [[String]] = [["INCR", "n"]],
    _ body: (_ workers: WorkersUnderTest, _ client: RESPClient, _ primary: RedisServer) throws -> Void
  ) throws {
    let primary = try RedisServer()
    let workers = try WorkersUnderTest()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let client = try workers.connect()
    try eventually("it serves") { try client.call("PING") == .simple("PONG") && !client.call("DEL", "n").isError }
    for words in request.dropLast() { _ = try client.call(words) }
    primary.freeze()
    try client.send(Request.bytes(request[request.endIndex - 1]))
    // Sent before the doubt: the mailbox and the socket are looked at in any order.
    try eventually("it has left") { hasUnread(port: primary.port) }
    try workers.doubtPrimary()
    primary.thaw()
    try eventually("it is executed") { try primary.call("GET", "n") == .bulk("1") }
    try body(workers, client, primary)
  }

  private func expectSilence(_ client: RESPClient) throws {
    client.patience = .milliseconds(300)
    defer { client.patience = Deadline.patience }
    let reply = try? client.reply()
    try check(reply == nil, "it was told \(String(describing: reply?.value)) of what may be lost")
  }

  @Test("What it acknowledges late is told when it is proven anew")
  func provenAnew() throws {
    try withLateAcknowledgement { workers, client, primary in
      try expectSilence(client)
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
      try check(try client.reply().value == .integer(1), "its own reply")
      try check(try client.call("INCR", "n") == .integer(2), "it goes on")
    }
  }

  @Test("What it acknowledges late is of unknown fate when another takes its place")
  func succeeded() throws {
    try withLateAcknowledgement { workers, client, _ in
      try expectSilence(client)
      let successor = try RedisServer()
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, reign: 2))
      let reply = try client.reply().value
      try check(reply.errorText?.hasPrefix("AMBUNKNOWN") == true, "\(reply)")
      try check(try client.call("INCR", "n") == .integer(1), "it goes on at the successor")
    }
  }

  /// As at the end of `FAILOVER TO`, which pauses writes for as long as the replica needs to catch up.
  @Test("What a former primary refuses after a long pause is asked of its successor", arguments: [1, 100_000])
  func pausedBefore(size: Int) throws {
    let value = String(repeating: "x", count: size)
    var replies: [RESPValue] = []
    // Its last words are waited for so long only, and a busy machine may let that pass.
    for _ in 0..<8 {
      let (primary, successor) = (try RedisServer(), try RedisServer())
      let workers = try WorkersUnderTest()
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
      let client = try workers.connect()
      try eventually("it serves") { try client.call("PING") == .simple("PONG") && !client.call("DEL", "n").isError }
      // It leaves an upstream behind for the next large one.
      try check(try client.call("SET", "other", value) == .simple("OK"), "SET")
      try primary.call("CLIENT", "PAUSE", "60000", "WRITE")
      try client.send(Request.bytes(["APPEND", "n", value]))
      try eventually("it waits") { try primary.info("clients")["blocked_clients"] == "1" }
      // Longer than a replica may be silent.
      pause(.seconds(Limits.replicaSilence * 3))
      try primary.call("REPLICAOF", successor.place.host, "\(successor.port)")
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, replicas: [primary], reign: 2))
      pause(.seconds(Limits.tick * 2))
      try primary.call("CLIENT", "UNPAUSE")
      replies.append(try client.reply().value)
      if replies.last == .integer(size) { return }
    }
    throw Failure("\(replies)")
  }

  @Test("The same of a transaction")
  func transaction() throws {
    try withLateAcknowledgement(of: [["MULTI"], ["INCR", "n"], ["EXEC"]]) { workers, client, _ in
      try expectSilence(client)
      let successor = try RedisServer()
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, reign: 2))
      let reply = try client.reply().value
      try check(reply.errorText?.hasPrefix("AMBUNKNOWN") == true, "\(reply)")
    }
  }

  @Test("When nobody is proven in time it is of unknown fate")
  func givenUp() throws {
    var settings = WorkerSettings()
    settings.limits.hold = 1
    let primary = try RedisServer()
    let workers = try WorkersUnderTest(settings: settings)
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let client = try workers.connect()
    try eventually("it serves") { try !client.call("DEL", "n").isError }
    primary.freeze()
    try client.send(Request.bytes(["INCR", "n"]))
    try eventually("it has left") { hasUnread(port: primary.port) }
    try workers.doubtPrimary()
    primary.thaw()
    let reply = try client.reply().value
    try check(reply.errorText?.hasPrefix("AMBUNKNOWN") == true, "\(reply)")
    let next = try client.call("SET", "k", "v")
    try check(next.errorText?.hasPrefix("AMBDOWN") == true, "\(next)")
  }

  /// More than the kernel takes: some of it was sent, some was not.
  @Test("What was not sent yet goes to the successor, in order, and never to it")
  func unsent() throws {
    let (primary, successor) = (try RedisServer(), try RedisServer())
    let workers = try WorkersUnderTest()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let client = try workers.connect()
    try eventually("it serves") { try !client.call("DEL", "n").isError }
    primary.freeze()
    let rounds = 400
    let value = String(repeating: "x", count: 16 << 10)
    let bytes = Request.bytes(pipeline: (0..<rounds).flatMap { _ in [["INCR", "n"], ["SET", "k", value]] })
    let sending = Crew(1) { _, _ in try client.send(bytes) }
    try eventually("it has left") { hasUnread(port: primary.port) }
    try workers.doubtPrimary()
    primary.thaw()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, reign: 2))
    var numbers: [Int] = []
    var unknown = 0
    for _ in 0..<rounds {
      switch try client.reply().value {
      case .integer(let number): numbers.append(number)
      case let reply where reply.errorText?.hasPrefix("AMBUNKNOWN") == true: unknown += 1
      case let reply: throw Failure("\(reply)")
      }
      _ = try client.reply()
    }
    try sending.stop()
    try check(
      numbers == (0..<numbers.count).map { $0 + 1 }, "out of order, or not by the successor: \(numbers.prefix(20))")
    try check(!numbers.isEmpty && unknown > 0, "\(numbers.count) by the successor, \(unknown) unknown")
    let executed = Int(try primary.call("GET", "n").text ?? "0") ?? 0
    try check(executed <= unknown, "\(executed) were executed by the former one, \(unknown) are unknown")
  }

  @Test("A question of the ambassador's own that was not sent yet is asked anew, and answered to nobody")
  func unsentQuestion() throws {
    let (primary, successor) = (try RedisServer(), try RedisServer())
    for server in [primary, successor] {
      try check(
        try server.call("ACL", "SETUSER", "alice", "on", ">secret", "~*", "&*", "+@all") == .simple("OK"), "SETUSER")
    }
    let workers = try WorkersUnderTest()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let (writer, asker) = (try workers.connect(), try workers.connect())
    for client in [writer, asker] {
      try eventually("it serves") { try client.call("AUTH", "alice", "secret") == .simple("OK") }
    }
    try check(try writer.call("DEL", "n") == .integer(0), "DEL")
    primary.freeze()
    let value = String(repeating: "x", count: 16 << 10)
    let rounds = 400
    let bytes = Request.bytes(pipeline: (0..<rounds).map { _ in ["APPEND", "n", value] })
    let sending = Crew(1) { _, _ in try writer.send(bytes) }
    let unsent = WorkerQuestion { worker in worker.pointee.lanes.reduce(0) { $0 + $1.pointee.unsent } }
    try eventually("the kernel takes nothing more") { try workers.ask(0, unsent) >= Limits.laneBacklogHigh }
    try asker.send(Request.bytes(["CLIENT", "GETNAME"]))
    let isAsked = WorkerQuestion { worker in
      worker.pointee.lanes.contains { lane in
        (0..<lane.pointee.pending.count).contains { lane.pointee.pending.element(at: $0)?.kind == .permission }
      }
    }
    try eventually("its rights are asked for") { try workers.ask(0, isAsked) }
    try workers.doubtPrimary()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, reign: 2))
    try check(try asker.reply().value == .nullBulk, "it has no name")
    try check(try asker.call("ECHO", "next") == .bulk("next"), "and the next reply is the next request's")
    _ = try writer.replies(rounds)
    try sending.stop()
  }

  @Test("Large requests on their way there leave room for small ones to wait")
  func roomBesideLarge() throws {
    var settings = WorkerSettings()
    settings.limits.holdBytes = 1 << 20
    let primary = try RedisServer()
    let workers = try WorkersUnderTest(settings: settings)
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let value = String(repeating: "x", count: 100_000)
    let clients = try (0..<12).map { _ in try workers.connect() }
    for client in clients { try eventually("it serves") { try !client.call("DEL", "n").isError } }
    let small = clients[0]
    /// What comes while the worker is busy it reads in one piece, and such a request has reserved nothing.
    func sendInOnePiece() throws {
      let gate = Gate()
      workers.workers[0].ask(WorkerQuestion { _ in gate.wait() }) { _ in }
      defer { gate.open() }
      for client in clients.dropFirst() { try client.send(Request.bytes(["APPEND", "n", value])) }
    }
    // They leave upstreams behind, so that the next ones need not wait for a greeting.
    try sendInOnePiece()
    for client in clients.dropFirst() { _ = try client.reply() }
    primary.freeze()
    try sendInOnePiece()
    try eventually("they are on their way") {
      try workers.ask(0, WorkerQuestion { worker in worker.pointee.lanes.reduce(0) { $0 + $1.pointee.pending.count } })
        == clients.count - 1
    }
    try workers.doubtPrimary()
    let heldBefore = try workers.ask(0, .report(askedAt: 0)).counters.held
    try small.send(Request.bytes(["SET", "k", "v"]))
    try eventually("it waits") { try workers.ask(0, .report(askedAt: 0)).counters.held > heldBefore }
    primary.thaw()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    try check(try small.reply().value == .simple("OK"), "it is executed")
  }

  @Test("A script that is refused a write is told so, and others wait")
  func refusedScript() throws {
    let (primary, successor) = (try RedisServer(), try RedisServer())
    let workers = try WorkersUnderTest()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let (client, other) = (try workers.connect(), try workers.connect())
    for client in [client, other] { try eventually("it serves") { try !client.call("DEL", "n").isError } }
    try primary.call("REPLICAOF", "127.0.0.1", "1")
    let script = ["EVAL", "return redis.call('INCR', KEYS[1])", "1", "n"]
    let isPaused = WorkerQuestion { $0.pointee.isPrimaryPaused }
    var replies: [RESPValue] = []
    // The pause is short, and ends while nobody has found out.
    try eventually("the primary is believed to be none") {
      replies.append(try client.call(script))
      return try workers.ask(0, isPaused)
    }
    try check(replies.allSatisfy { $0.errorText?.contains(" script: ") == true }, "\(replies)")
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: nil))
    try other.send(Request.bytes(script))
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, reign: 2))
    try check(try other.reply().value == .integer(1), "it is executed once")
  }
}
