import TestSupport
import Testing

@testable import Proxy

@Suite("A succession that not all workers have heard of")
struct SuccessionAcrossWorkersTests {
  @Test("What was written to the new primary through one is not read from the old one through another")
  func reads() throws {
    let (old, new) = (try RedisServer(), try RedisServer())
    try old.call("SET", "key", "old")
    let workers = try WorkersUnderTest(2)
    for worker in workers.workers { worker.follow(try WorkersUnderTest.topology(primary: old)) }
    let (writer, reader) = (try workers.connect(to: 0), try workers.connect(to: 1))
    for client in [writer, reader] {
      try eventually("it serves") { try client.call("GET", "key") == .bulk("old") }
    }
    workers.workers[0].follow(try WorkersUnderTest.topology(primary: new, reign: 2))
    try eventually("it is written") { try writer.call("SET", "key", "new") == .simple("OK") }
    try reader.send(Request.bytes(pipeline: [["GET", "key"], ["INCR", "n"]]))
    workers.workers[1].follow(try WorkersUnderTest.topology(primary: new, reign: 2))
    let replies = try reader.replies(2)
    try check(replies == [.bulk("new"), .integer(1)], "\(replies)")
    try check(try old.call("EXISTS", "n") == .integer(0), "it was written to the old primary")
  }
}
