import Glibc
import Synchronization
import TestSupport
import Testing

/// Everything that clients do at once, as the nodes behind them change.
@Suite(.throughTheAmbassador, .serialized)
struct ReloadMixTests {
  private final class Ledger: Sendable {
    let pushed = Mutex<Set<Int>>([])
    let popped = Mutex<[Int]>([])
  }

  /// What is still in a queue of a node.
  private func rest(_ node: RedisServer) throws -> [Int] {
    guard case .array(let items) = try node.call("LRANGE", "queue", "0", "-1") else { throw Failure("no queue") }
    return items.compactMap { $0.text.flatMap { Int($0) } }
  }

  @Test func `a queue: nothing that is pushed is lost or comes twice, wherever its workers wait`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    let drain = "reload: {drain: 100ms}\n"
    try ReloadLab.with(ReloadLab.following(one, drain)) { lab in
      let ledger = Ledger()
      let ambassador = lab.ambassador
      let workers = Crew(8) { index, shift in
        let client = try ambassador.connect(patience: .seconds(60))
        let command = index % 2 == 0 ? ["BLPOP", "queue", "0"] : ["BRPOP", "queue", "other", "0"]
        while !shift.isOver {
          let reply = try client.call(command)
          guard case .array(let items) = reply, let item = items.last?.text.flatMap({ Int($0) }) else {
            throw Failure("worker \(index): \(reply)")
          }
          if item >= 0 { ledger.popped.withLock { $0.append(item) } }
        }
      }
      let producers = Crew(2) { index, shift in
        let client = try ambassador.connect()
        var number = index
        while !shift.isOver {
          let reply = try client.call("RPUSH", "queue", "\(number)")
          guard case .integer = reply else { throw Failure("producer \(index): \(reply)") }
          ledger.pushed.withLock { _ = $0.insert(number) }
          number += 2
          pause(.milliseconds(2))
        }
      }
      for round in 0..<6 {
        try lab.reload(ReloadLab.following(round % 2 == 0 ? two : one, drain))
        let goal = ledger.popped.withLock { $0.count } + 100
        try eventually("the workers work on, round \(round)") {
          if let error = (workers.errors + producers.errors).first { throw error }
          return ledger.popped.withLock { $0.count } >= goal
        }
        // Once without anything to do, so that all wait.
        if round == 3 { pause(.milliseconds(200)) }
      }
      try producers.stop()
      let left = { try self.rest(one.primary) + self.rest(two.primary) }
      try eventually("all that is at the present primary is taken") { try rest(one.primary).isEmpty }
      try eventually("everything is somewhere, once") {
        let all = ledger.popped.withLock { $0 } + (try left())
        let pushed = ledger.pushed.withLock { $0 }
        try check(Set(all).count == all.count, "something came twice")
        try check(Set(all) == pushed, "\(pushed.subtracting(all).count) are missing")
        return true
      }
      let client = try ambassador.connect()
      for _ in 0..<8 { try client.call("RPUSH", "queue", "-1") }
      try eventually("the workers go home") {
        // Each takes one and looks whether its shift is over.
        try client.call("RPUSH", "queue", "-1")
        return (try? workers.stop(within: .milliseconds(50))) != nil
      }
    }
  }

  @Test func `long values, slow readers, caching clients and subscribers are taken along`() throws {
    let (one, two) = (try RedisGroup(replicas: 1), try RedisGroup(replicas: 1))
    let big = BigValue(size: 6 << 20)
    let seeder = try one.primary.connect()
    try big.set("big", through: seeder)
    try expectEqual(try seeder.reply().value, .simple("OK"))
    try one.settle()
    // So that the slow reader reads from a replica: on the primary nobody may keep others' writes waiting.
    let eventual = "reads: {consistency: eventual}\n"
    try ReloadLab.with(ReloadLab.following(one, eventual)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: true)
      let ambassador = lab.ambassador
      let load = Appenders(ambassador)
      let subscriber = try ambassador.connect()
      try subscriber.call("HELLO", "3")
      try subscriber.call("CLIENT", "TRACKING", "ON")
      try subscriber.call("SUBSCRIBE", "news")
      // One that reads slowly what an old replica has, and one that is sending what it will have.
      let reader = try ambassador.connect(receiveBuffer: 4096)
      try load.goOn()
      let writer = try ambassador.connect()
      try writer.send("*3\r\n$3\r\nSET\r\n$4\r\nslow\r\n$2000000\r\n")
      try writer.send(String(repeating: "x", count: 1_000_000))
      try reader.send(Request.bytes(["GET", "big"]) + Request.bytes(["GET", "big"]) + Request.bytes(["ECHO", "end"]))
      try eventually("the upload has begun") { try one.primary.info("clients")["connected_clients"] != "0" }
      pause(.milliseconds(50))
      try lab.reload(ReloadLab.following(two, eventual))
      try load.goOn()
      try writer.send(String(repeating: "x", count: 1_000_000) + "\r\n")
      try expectEqual(try writer.reply().value, .simple("OK"))
      try expectEqual(try one.primary.call("STRLEN", "slow"), .integer(2_000_000), "finished where it began")
      try big.expect(from: reader)
      // The second was not asked yet, so it is asked where the key is not; or it was, and comes whole.
      switch try reader.reply().value {
      case .nullBulk: break
      case .bulk(let bytes): try expectEqual(bytes.count, big.size)
      case let other: throw Failure("got \(other)")
      }
      try expectEqual(try reader.reply().value, .bulk("end"))
      try eventually("it is subscribed at the new primary") {
        try two.primary.call("PUBSUB", "NUMSUB", "news") == .array([.bulk("news"), .integer(1)])
      }
      try ambassador.connect().call("PUBLISH", "news", "hello")
      var heard: [RESPValue] = []
      while heard.last != .push([.bulk("message"), .bulk("news"), .bulk("hello")]) {
        heard.append(try subscriber.reply().value)
      }
      try check(heard.contains(.push([.bulk("invalidate"), .null])), "it must forget what it has cached: \(heard)")
      try load.finish(on: [one.primary, two.primary])
    }
  }
}
