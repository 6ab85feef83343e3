import TestSupport
import Testing

@testable import Proxy

/// A connection to the primary that is lost with a client's reads and writes on it.
@Suite("A primary that is lost")
struct LostPrimaryTests {
  @Test("A read is answered before the write behind it that waits for a successor")
  func readBeforeWaiting() throws {
    let (primary, replica, successor) = (try RedisServer(), try RedisServer(), try RedisServer())
    var settings = WorkerSettings()
    settings.limits.upstreamTimeout = 0.1
    let workers = try WorkersUnderTest(settings: settings)
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary, replicas: [replica]))
    let client = try workers.connect()
    try eventually("it serves") { try client.call("GET", "g") == .nullBulk && !client.call("DEL", "n").isError }
    primary.freeze()
    // Behind a write of its client, a read is the primary's as well.
    try client.send(Request.bytes(pipeline: [["INCR", "n"], ["GET", "g"]]))
    pause(.milliseconds(500))
    try client.send(Request.bytes(pipeline: [["INCR", "n"]]))
    pause(.milliseconds(100))
    primary.kill()
    pause(.milliseconds(100))
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: successor, replicas: [replica], reign: 2))
    let replies = try client.replies(3)
    try check(replies[0].errorText?.hasPrefix("AMBUNKNOWN") == true, "\(replies)")
    try check(Array(replies[1...]) == [.nullBulk, .integer(1)], "\(replies)")
  }

  /// Both were executed, and the replies lost.
  @Test("A read is not asked again that would see what its client has written after it")
  func overtaken() throws {
    let primary = try RedisServer()
    let relay = try ReplicationRelay(to: primary.port)
    let workers = try WorkersUnderTest()
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: primary, at: relay.port))
    let client = try workers.connect()
    try eventually("it serves") { try !client.call("SET", "k", "old").isError }
    try check(try client.call("SET", "k:other", "old") == .simple("OK"), "SET")
    for (pipeline, expected): ([[String]], [String]) in [
      ([["GET", "k"], ["SET", "k", "new"], ["GET", "k"]], ["lost", "unknown", "new"]),
      ([["GET", "k"], ["GET", "k:other"], ["SET", "k", "new"]], ["lost", "old", "unknown"]),
      ([["MGET", "k:other", "k"], ["MSET", "x", "1", "k", "new"]], ["lost", "unknown"]),
      ([["GET", "k:other"], ["EVAL", "return redis.call('SET', 'k', 'new')", "0"]], ["lost", "unknown"]),
      ([["DBSIZE"], ["GET", "k:other"], ["SET", "k", "new"], ["DBSIZE"]], ["lost", "old", "unknown", "number"]),
      ([["SET", "k", "new"], ["GET", "k"]], ["unknown", "new"]),
    ] {
      try primary.call("SET", "k", "old")
      relay.hold()
      try client.send(Request.bytes(pipeline: pipeline))
      try eventually("it is executed") { try primary.call("GET", "k") == .bulk("new") }
      relay.cut()
      let isReady = WorkerQuestion { $0.pointee.lanes.contains { $0.pointee.state == .ready } }
      try eventually("it is lost") { try !workers.ask(0, isReady) }
      relay.release()
      let replies = try client.replies(pipeline.count).map { reply in
        switch reply {
        case .bulk: reply.text ?? ""
        case .integer: "number"
        default:
          reply.errorText?.hasPrefix("AMBUNKNOWN") == true
            ? "unknown" : reply.errorText?.hasPrefix("AMBDOWN lost") == true ? "lost" : "\(reply)"
        }
      }
      try check(replies == expected, "\(pipeline): \(replies)")
      try eventually("it serves again") { try client.call("GET", "k:other") == .bulk("old") }
    }
  }
}
