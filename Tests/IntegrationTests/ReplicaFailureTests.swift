import TestSupport
import Testing

/// Replicas die, hang, come back and are added, and nobody who reads sees an error.
@Suite(.throughTheAmbassador)
struct ReplicaFailureTests {
  @Test func `a replica is killed under load and no read fails`() throws {
    try withLab { lab in
      let readers = try Bystanders(lab, clients: 8)
      try readers.goOn()
      lab.replicas[0].kill()
      try readers.goOn(2000)
      try readers.stop()
    }
  }

  @Test func `both replicas are killed under load and no read fails`() throws {
    try withLab { lab in
      let readers = try Bystanders(lab, clients: 8)
      try readers.goOn()
      for replica in lab.replicas {
        replica.kill()
        try readers.goOn(1000)
      }
      try readers.stop()
    }
  }

  @Test func `a replica hangs: no read fails or waits for it, and it is used again when it wakes`() throws {
    try withLab { lab in
      let replica = lab.replicas[0]
      let readers = try Bystanders(lab, clients: 8)
      try readers.goOn()
      replica.freeze()
      defer { replica.thaw() }
      let frozen = ContinuousClock.now
      try readers.goOn(2000)
      // Long enough that a read which waited for the replica to wake stands out, also on a machine with much to do.
      try eventually("6 s of it") { ContinuousClock.now - frozen > .seconds(6) }
      try readers.goOn()
      let slowest = readers.slowest
      print("a replica hung: the slowest pipeline took \(slowest)")
      try check(slowest < .seconds(4), "a read took \(slowest)")
      replica.thaw()
      try expectUsed(replica, by: readers)
      try readers.stop()
    }
  }

  @Test func `a replica that was restarted is used again`() throws {
    try withLab { lab in
      let replica = lab.replicas[0]
      let readers = try Bystanders(lab)
      for _ in 0..<3 {
        try replica.restart()
        try lab.redis.waitUntilLinked()
        try expectUsed(replica, by: readers)
        try readers.goOn()
      }
      try readers.stop()
    }
  }

  @Test func `a replica that comes back gets its part of the reads little by little`() throws {
    try withLab(flags: ["--reads-consistency", "eventual"]) { lab in
      let readers = try Bystanders(lab, clients: 4)
      try readers.goOn()
      let (back, other) = (lab.replicas[0], lab.replicas[1])
      try back.restart()
      try readers.untilTrue("it is read") { try back.calls(of: "get") > 0 }
      func part(of seconds: Double) throws -> Double {
        let before = (try back.calls(of: "get"), try other.calls(of: "get"))
        let start = ContinuousClock.now
        try readers.untilTrue("time has passed") { ContinuousClock.now - start > .seconds(seconds) }
        let (its, others) = (try back.calls(of: "get") - before.0, try other.calls(of: "get") - before.1)
        return Double(its) / Double(max(1, its + others))
      }
      let first = try part(of: 0.5)
      try readers.untilTrue("a while has passed") { try part(of: 0.5) > 0.35 }
      print("a replica that came back had \(Int(first * 100)) % of the reads at first")
      try check(first < 0.35, "\(first) of the reads at once")
      try readers.stop()
    }
  }

  @Test func `a replica added later is found and used`() throws {
    try withLab(replicas: 1) { lab in
      let readers = try Bystanders(lab)
      let newcomer = try lab.redis.addReplica()
      try expectUsed(newcomer, by: readers)
      try readers.goOn()
      try readers.stop()
    }
  }

  @Test func `a replica added to a primary without any is found and used`() throws {
    try withLab(replicas: 0) { lab in
      let readers = try Bystanders(lab)
      try expectUsed(try lab.redis.addReplica(), by: readers)
      try readers.stop()
    }
  }

  @Test func `a replica whose link to the primary is down gets no reads`() throws {
    try withLab { lab in
      let readers = try Bystanders(lab)
      let astray = lab.replicas[0]
      let nowhere = try PortLease()
      try astray.call("REPLICAOF", "127.0.0.1", "\(nowhere.port)")
      try eventually("it is left out") {
        let before = try astray.calls(of: "get")
        try readers.goOn(300)
        return try astray.calls(of: "get") == before
      }
      try astray.call("REPLICAOF", "127.0.0.1", "\(lab.primary.port)")
      try lab.redis.waitUntilLinked()
      try expectUsed(astray, by: readers)
      try readers.stop()
    }
  }

  @Test func `a replica hangs with more waiting for it than it takes: all of it is asked elsewhere at once`() throws {
    try withLab(replicas: 1, flags: ["--upstream-timeout", "20s"]) { lab in
      let client = try lab.connect(patience: .seconds(10))
      let count = 400
      let request = Request.bytes(["GET", String(repeating: "k", count: 60_000)])
      lab.replicas[0].freeze()
      let sender = Crew(1) { _, _ in for _ in 0..<count { try client.send(request) } }
      try check(try client.replies(count).allSatisfy { $0 == .nullBulk }, "all replies")
      try sender.finish()
      lab.replicas[0].thaw()
    }
  }

  @Test(arguments: [false, true])
  func `a replica that follows another primary gets no reads`(isNamed: Bool) throws {
    try withLab(replicas: 1, namesReplicas: isNamed) { lab in
      let stranger = try RedisServer()
      try stranger.call("SET", "key", "of a stranger")
      try lab.redis.seed([["SET", "key", "ours"]])
      let replica = lab.replicas[0]
      try replica.call("REPLICAOF", "127.0.0.1", "\(stranger.port)")
      try eventually("the replica has the stranger's data") { try replica.call("GET", "key") == .bulk("of a stranger") }
      // Its next heartbeat tells.
      pause(.milliseconds(1500))
      let client = try lab.connect()
      for _ in 0..<300 {
        try expectEqual(try client.call("GET", "key"), .bulk("ours"))
        pause(.milliseconds(10))
      }
      try replica.call("REPLICAOF", "127.0.0.1", "\(lab.primary.port)")
      try lab.redis.waitUntilLinked()
      try eventually("it is used again") {
        try lab.redis.calls(of: "get") { for _ in 0..<10 { try client.call("GET", "key") } }[1] > 0
      }
    }
  }

  @Test func `replicas come and go at random under load and no read fails`() throws {
    try withLab { lab in
      let seed = UInt64.random(in: 0...UInt64.max)
      print("replicas come and go: seed \(seed)")
      var dice = SeededGenerator(seed: seed)
      let readers = try Bystanders(lab, clients: 8)
      for _ in 0..<8 {
        let replica = lab.replicas.randomElement(using: &dice)!
        switch Int.random(in: 0..<3, using: &dice) {
        case 0: try replica.restart()
        case 1:
          replica.freeze()
          defer { replica.thaw() }
          try readers.goOn(400)
        default: replica.kill()
        }
        try readers.goOn(Int.random(in: 1..<500, using: &dice))
      }
      try readers.stop()
    }
  }

  private func expectUsed(_ replica: RedisServer, by readers: Bystanders) throws {
    let before = try replica.calls(of: "get")
    try readers.untilTrue("replica \(replica.port) is used for reads") { try replica.calls(of: "get") > before }
  }
}
