import TestSupport
import Testing

@testable import Proxy

/// Requests that are large and yet kept until they are answered: whatever becomes of the primary, they share the fate of
/// small ones.
@Suite("Large requests")
struct LargeRequestTests {
  /// More than the sockets between an ambassador and a server that does not read will take.
  private static let value = String(repeating: "x", count: 1_000_000)

  private static func report(_ workers: WorkersUnderTest) throws -> WorkerReport {
    try workers.ask(0, .report(askedAt: 0))
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

  private func expect<Value: Equatable>(_ found: Value, _ expected: Value) throws {
    try check(found == expected, "\(String("\(found)".prefix(200))), expected \(String("\(expected)".prefix(200)))")
  }

  /// Has a primary that refuses writes, then another in its place.
  private func succeed(_ primary: RedisServer, _ workers: WorkersUnderTest, _ reign: UInt64 = 2) throws -> RedisServer {
    let successor = try RedisServer()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, replicas: [primary], reign: reign))
    return successor
  }

  /// As many uploads that are not finished, abandoned, refused or answered as would use up what may be kept, if any of it
  /// were not given back.
  private func uploadInManyWays(_ workers: WorkersUnderTest, _ primary: RedisServer) throws {
    let rounds = Limits().keptLarge / Self.value.utf8.count + 2
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

  @Test("One that the primary refuses is asked of its successor", arguments: [100_000, 1_000_000])
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
    try withWorkers { workers, client, primary in
      primary.freeze()
      try client.send(Request.bytes(pipeline: [["APPEND", "k", Self.value], ["INCR", "n"]]))
      try eventually("it is under way") { try primary.hasUnread }
      let successor = try succeed(primary, workers)
      try expect(try client.replies(2), [.integer(Self.value.utf8.count), .integer(1)])
      try expect(try successor.call("STRLEN", "k"), .integer(Self.value.utf8.count))
      primary.thaw()
      try expect(try primary.call("EXISTS", "k"), .integer(0))
    }
  }

  @Test("One that was not sent whole before a doubt goes on when that is over")
  func trustedAgain() throws {
    try withWorkers { workers, client, primary in
      primary.freeze()
      try client.send(Request.bytes(["APPEND", "k", Self.value]))
      try eventually("it is under way") { try primary.hasUnread }
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: nil))
      pause(.seconds(Limits.lastAcknowledgements) + .milliseconds(100))
      primary.thaw()
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary))
      try expect(try client.reply().value, .integer(Self.value.utf8.count))
      try expect(try client.call("APPEND", "k", "x"), .integer(Self.value.utf8.count + 1))
    }
  }

  @Test("A primary that pauses in the middle of one has the rest of it when it wakes")
  func paused() throws {
    var settings = WorkerSettings()
    settings.limits.upstreamTimeout = 0.2
    try withWorkers(settings: settings) { workers, client, primary in
      primary.freeze()
      try client.send(Request.bytes(["APPEND", "k", Self.value]))
      try eventually("it is under way") { try primary.hasUnread }
      pause(.milliseconds(600))
      primary.thaw()
      try expect(try client.reply().value, .integer(Self.value.utf8.count))
    }
  }

  @Test("One that waits to be sent when the primary is doubted goes to the successor")
  func notSent() throws {
    try withWorkers { workers, client, primary in
      let other = try workers.connect()
      primary.freeze()
      // A connection that is not there yet.
      try client.send(Request.bytes(["APPEND", "k", Self.value]))
      try other.send(Request.bytes(["APPEND", "o", Self.value]))
      try eventually("they are under way") {
        try Self.report(workers).largeBytes > 2 * Self.value.utf8.count
      }
      workers.workers[0].follow(try WorkersUnderTest.topology(primary: nil))
      let successor = try succeed(primary, workers)
      for client in [client, other] {
        try expect(try client.reply().value, .integer(Self.value.utf8.count))
      }
      try expect(try successor.call("STRLEN", "o"), .integer(Self.value.utf8.count))
      try eventually("all is given back") { try Self.report(workers).largeBytes == 0 }
    }
  }

  @Test("Past what is kept together, others pass through as they arrive")
  func bound() throws {
    try withWorkers { workers, _, primary in
      let clients = try (0..<24).map { _ in try workers.connect() }
      let bytes = Request.bytes(["APPEND", "k", Self.value])
      for client in clients { try client.send(Array(bytes.prefix(900_000))) }
      try eventually("some have an upstream of their own") { try Self.report(workers).lent >= 24 - 17 }
      try check(try Self.report(workers).largeBytes <= Limits().keptLarge, "the bound")
      for client in clients { try client.send(Array(bytes.dropFirst(900_000))) }
      var lengths: [Int] = []
      for client in clients {
        guard case .integer(let length) = try client.reply().value else { throw Failure("no length") }
        lengths.append(length)
      }
      try expect(lengths.sorted(), (1...24).map { $0 * Self.value.utf8.count })
      try eventually("all is given back") { try Self.report(workers).largeBytes == 0 }
    }
  }
}
