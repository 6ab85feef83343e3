import TestSupport
import Testing

@testable import Proxy

/// Requests that are large and yet kept until they are answered: whatever becomes of the primary, they share the fate of
/// small ones.
@Suite("Large requests")
struct LargeRequestTests {
  private static let size = 1_000_000
  private static let value = String(repeating: "x", count: size)

  private static func report(_ workers: WorkersUnderTest) throws -> WorkerReport {
    try workers.ask(0, .report(askedAt: 0))
  }

  private func expect<Value: Equatable>(_ found: Value, _ expected: Value) throws {
    try check(found == expected, "\(String("\(found)".prefix(200))), expected \(String("\(expected)".prefix(200)))")
  }

  private func withWorkers(
    settings: WorkerSettings = WorkerSettings(),
    _ body: (_ workers: WorkersUnderTest, _ client: RESPClient, _ primary: RedisServer) throws -> Void
  ) throws {
    let primary = try RedisServer()
    let workers = try WorkersUnderTest(settings: settings)
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
    let client = try workers.connect()
    try eventually("it serves") { try !client.call("DEL", "n").isError }
    try body(workers, client, primary)
  }

  /// With a primary behind a network that takes nothing more, and a request that left in part.
  private func withHalfSent(
    of pipeline: [[String]] = [["APPEND", "k", value], ["INCR", "n"]], settings: WorkerSettings = WorkerSettings(),
    _ body: (_ workers: WorkersUnderTest, _ client: RESPClient, _ primary: RedisServer, _ relay: ReplicationRelay)
      throws -> Void
  ) throws {
    let primary = try RedisServer()
    let relay = try ReplicationRelay(to: primary.port, segmentSize: 1448)
    let workers = try WorkersUnderTest(settings: settings)
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary, at: relay.port))
    let client = try workers.connect()
    try eventually("it serves") { try !client.call("DEL", "n").isError }
    // It leaves an upstream behind, so that the next one need not wait for a greeting. A larger one would have the kernel
    // take more at once from then on.
    let before = String(repeating: "b", count: Limits.largeRequest)
    try expect(try client.call("SET", "before", before), .simple("OK"))
    relay.deafen()
    // It may be about to take what comes next.
    pause(.milliseconds(50))
    try client.send(Request.bytes(pipeline: pipeline))
    try eventually("it is under way") { hasUnread(port: relay.port) }
    try body(workers, client, primary, relay)
  }

  private func succeed(_ primary: RedisServer, _ workers: WorkersUnderTest) throws -> RedisServer {
    let successor = try RedisServer()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, replicas: [primary], reign: 2))
    return successor
  }

  /// As many uploads that are not finished, abandoned, refused or answered as would use up what may be kept, if any of it
  /// were not given back.
  private func uploadInManyWays(_ workers: WorkersUnderTest, _ primary: RedisServer) throws {
    let rounds = Limits().keptLarge / Self.size + 2
    let whole = Request.bytes(["SET", "k", Self.value])
    for _ in 0..<rounds {
      let client = try workers.connect()
      try client.send(Array(whole.prefix(900_000)))
      try eventually("it arrives") { try Self.report(workers).largeBytes > 900_000 }
      client.close()
      try eventually("it is forgotten") { try Self.report(workers).largeBytes == 0 }
    }
    let client = try workers.connect()
    for _ in 0..<rounds { try expect(try client.call("SET", "k", Self.value), .simple("OK")) }
    try primary.call("SET", "text", "x")
    for _ in 0..<rounds {
      let reply = try client.call("RPUSH", "text", Self.value)
      try check(reply.errorText?.hasPrefix("WRONGTYPE") == true, "\(reply)")
    }
    try eventually("all is given back") { try Self.report(workers).largeBytes == 0 }
  }

  @Test("One that the primary refuses is asked of its successor", arguments: [100_000, size])
  func refused(size: Int) throws {
    try withWorkers { workers, client, primary in
      try uploadInManyWays(workers, primary)
      try primary.call("REPLICAOF", "127.0.0.1", "1")
      let value = String(repeating: "v", count: size)
      try client.send(Request.bytes(pipeline: [["SET", "k", value], ["APPEND", "k", "y"], ["STRLEN", "k"]]))
      try eventually("it is refused") { try Self.report(workers).counters.takenBack > 0 }
      let successor = try succeed(primary, workers)
      try expect(try client.replies(3), [.simple("OK"), .integer(size + 1), .integer(size + 1)])
      try expect(try successor.call("GET", "k"), .bulk(value + "y"))
    }
  }

  @Test("One that was not sent whole goes to the successor, and was not executed before")
  func halfSent() throws {
    try withHalfSent { workers, client, primary, relay in
      let successor = try succeed(primary, workers)
      try expect(try client.replies(2), [.integer(Self.size), .integer(1)])
      try expect(try successor.call("STRLEN", "k"), .integer(Self.size))
      relay.hear()
      try expect(try primary.call("EXISTS", "k", "n"), .integer(0))
      try eventually("all is given back") { try Self.report(workers).largeBytes == 0 }
    }
  }

  @Test("A read before one that was not sent whole is answered before it")
  func readBefore() throws {
    let part = String(repeating: "p", count: 60_000)
    let pipeline = [["GET", "g"]] + (1...20).map { _ in ["APPEND", "k", part] }
    try withHalfSent(of: pipeline) { workers, client, primary, relay in
      let successor = try succeed(primary, workers)
      let replies = try client.replies(pipeline.count)
      try expect(replies.first, .nullBulk)
      let (unknown, executed) = (replies.dropFirst().prefix { $0.isError }, replies.dropFirst().drop { $0.isError })
      try check(!unknown.isEmpty && !executed.isEmpty, "\(replies)")
      for reply in unknown { try check(reply.errorText?.hasPrefix("AMBUNKNOWN") == true, "\(reply)") }
      try expect(Array(executed), (1...executed.count).map { .integer($0 * part.count) })
      try expect(try successor.call("STRLEN", "k"), .integer(executed.count * part.count))
    }
  }

  @Test("One that was not sent whole before a doubt goes on when that is over, and not before")
  func trustedAgain() throws {
    try withHalfSent { workers, client, primary, relay in
      try workers.doubtPrimary()
      relay.hear()
      pause(.milliseconds(100))
      try expect(try primary.call("EXISTS", "k"), .integer(0))
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary, at: relay.port))
      try expect(try client.replies(2), [.integer(Self.size), .integer(1)])
    }
  }

  @Test("One that was not sent whole before a doubt goes to the successor")
  func succeededInDoubt() throws {
    try withHalfSent { workers, client, primary, relay in
      try workers.doubtPrimary()
      relay.hear()
      let successor = try succeed(primary, workers)
      try expect(try client.replies(2), [.integer(Self.size), .integer(1)])
      try expect(try successor.call("STRLEN", "k"), .integer(Self.size))
      try expect(try primary.call("EXISTS", "k", "n"), .integer(0))
    }
  }

  @Test("A primary that takes nothing for a while has the rest of one when it goes on")
  func paused() throws {
    var settings = WorkerSettings()
    settings.limits.upstreamTimeout = 0.2
    try withHalfSent(settings: settings) { workers, client, primary, relay in
      pause(.milliseconds(600))
      relay.hear()
      try expect(try client.replies(2), [.integer(Self.size), .integer(1)])
      try expect(try Self.report(workers).counters.takenBack, 0)
    }
  }

  @Test("One whose connection is lost half-way, and those after it as well, is refused in the end and was not executed")
  func lostEachTime() throws {
    var settings = WorkerSettings()
    settings.limits.hold = 1
    try withHalfSent(settings: settings) { workers, client, primary, relay in
      let ending = Crew(1) { _, shift in
        while !shift.isOver {
          relay.cut()
          pause(.milliseconds(20))
        }
      }
      let replies = try client.replies(2)
      try ending.stop()
      for reply in replies {
        try check(reply.errorText?.hasSuffix("; the command was not executed") == true, "\(reply)")
      }
      try expect(try primary.call("EXISTS", "k", "n"), .integer(0))
    }
  }

  @Test("A node that answers one before it has all of it is heard, and gets no more of it")
  func answeredEarly() throws {
    try withHalfSent { workers, client, primary, relay in
      relay.say("-ERR too long for me\r\n")
      try expect(try client.reply().value, .error("ERR too long for me"))
      relay.hear()
      try expect(try client.reply().value, .integer(1))
      try expect(try client.call("SET", "k", Self.value), .simple("OK"))
      try eventually("all is given back") { try Self.report(workers).largeBytes == 0 }
    }
  }

  @Test("Past what is kept together, others pass through as they arrive")
  func bound() throws {
    try withWorkers { workers, _, primary in
      let clients = try (0..<24).map { _ in try workers.connect() }
      let bytes = Request.bytes(["APPEND", "k", Self.value])
      for client in clients { try client.send(Array(bytes.prefix(900_000))) }
      let kept = Limits().keptLarge / Self.size
      try eventually("some have an upstream of their own") { try Self.report(workers).lent >= 24 - kept }
      try check(try Self.report(workers).largeBytes <= Limits().keptLarge, "the bound")
      for client in clients { try client.send(Array(bytes.dropFirst(900_000))) }
      var lengths: [Int] = []
      for client in clients {
        guard case .integer(let length) = try client.reply().value else { throw Failure("no length") }
        lengths.append(length)
      }
      try expect(lengths.sorted(), (1...24).map { $0 * Self.size })
      try eventually("all is given back") { try Self.report(workers).largeBytes == 0 }
    }
  }
}
