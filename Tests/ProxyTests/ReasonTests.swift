import Routing
import TestSupport
import Testing

@testable import Proxy

@Suite("Why a read is asked on the primary")
struct ReasonTests {
  /// A worker in front of two real servers, with a key that was written through it.
  @Test("Explained and counted by the name of what is missing")
  func reasons() throws {
    let group = try RedisGroup(replicas: 1)
    let (primary, replica) = (group.primary, group.replicas[0])
    let workers = try WorkersUnderTest(2)
    let topology = try WorkersUnderTest.topology(primary: primary, replicas: [replica])
    for worker in workers.workers { worker.follow(topology) }
    func explained(by worker: Int = 0) throws -> String {
      let words = ["GET", "key"].map { Array($0.utf8) }
      return try workers.ask(worker, .explain(words, for: ListenerRules())).joined(separator: "; ")
    }
    func isExplained(as reason: RouteReason) throws -> Bool { try explained().contains("(\(reason.rawValue))") }

    let client = try workers.connect()
    try eventually("it serves") { try client.call("SET", "key", "1") == .simple("OK") }
    try eventually("the replica is proven to have it") {
      _ = try client.call("GET", "key")
      return try explained().contains("all that it must see is proven to be on \(replica.address)")
    }
    // The other thread has no connection yet.
    let elsewhere = try explained(by: 1)
    try check(elsewhere.contains("(\(RouteReason.noFenceYet.rawValue))"), elsewhere)

    replica.freeze()
    try check(client.call("SET", "key", "2") == .simple("OK"), "SET")
    try eventually("the write is fenced") { try isExplained(as: .replicaBehind) }
    let before = try workers.routed(.replicaBehind)
    try check(client.call("GET", "key") == .bulk("2"), "the write is not seen")
    let after = try workers.routed(.replicaBehind)
    try check(after == before + 1, "counted \(after - before) times")
    replica.thaw()
    try eventually("it is there") {
      _ = try client.call("GET", "key")
      return try explained().contains("proven to be on \(replica.address)")
    }

    primary.freeze()
    try client.send(Request.bytes(["SET", "key", "3"]))
    try eventually("it is on its way") { try isExplained(as: .keyWrittenRecently) }
    primary.thaw()
    try check(client.reply().value == .simple("OK"), "SET")
  }
}
