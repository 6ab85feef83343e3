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
}
