import TestSupport
import Testing

/// What is large passes through without being held. One at a time: the servers do hold it.
@Suite(.serialized)
struct BigValueTests {
  /// Replicas must not be cut off because the primary has much to tell them.
  private static let options = ["--client-output-buffer-limit", "replica", "0", "0", "0"]

  @Test func `a value of 64 MiB, up and down, beside others`() throws {
    try withLab(options: Self.options) { lab in
      let bystanders = try Bystanders(lab)
      let client = try lab.connect(patience: .seconds(60))
      let value = BigValue(size: 64 << 20)
      for round in 0..<3 {
        try value.set("big:\(round)", through: client)
        try expectEqual(try client.reply().value, .simple("OK"))
        try lab.redis.settle()
        try client.send(Request.bytes(pipeline: [["GET", "big:\(round)"], ["ECHO", "after \(round)"]]))
        try value.expect(from: client)
        try expectEqual(try client.reply().value, .bulk("after \(round)"))
      }
      try bystanders.goOn()
      try bystanders.stop()
      try expectPeak(of: lab, below: 100 << 20)
    }
  }

  @Test func `several clients with values of 64 MiB at once`() throws {
    try withLab(replicas: 1, options: Self.options) { lab in
      try concurrently(4) { index in
        let client = try lab.connect(patience: .seconds(90))
        let value = BigValue(size: 64 << 20, seed: UInt64(index))
        try value.set("big:\(index)", through: client)
        try expectEqual(try client.reply().value, .simple("OK"))
        try lab.redis.settle()
        try client.send(Request.bytes(["GET", "big:\(index)"]))
        try value.expect(from: client)
      }
      try expectPeak(of: lab, below: 100 << 20)
    }
  }

  @Test func `the largest value there can be, 512 MB`() throws {
    try withLab(replicas: 1, options: Self.options) { lab in
      let client = try lab.connect(patience: .seconds(90))
      let value = BigValue(size: 512 << 20)
      try value.set("huge", through: client)
      try expectEqual(try client.reply().value, .simple("OK"))
      try lab.redis.settle()
      try client.send(Request.bytes(["GET", "huge"]))
      try value.expect(from: client)
      try expectEqual(try client.call("STRLEN", "huge"), .integer(512 << 20))
      try expectPeak(of: lab, below: 100 << 20)
    }
  }

  @Test func `an MGET of 100,000 keys`() throws {
    try withLab { lab in
      let keys = (0..<100_000).map { "key:\($0)" }
      try lab.redis.seed(keys.map { ["SET", $0, "value of \($0)"] })
      let bystanders = try Bystanders(lab)
      let client = try lab.connect(patience: .seconds(60))
      for _ in 0..<3 {
        let reply = try client.call(["MGET"] + keys)
        try check(reply.elements?.count == keys.count, "\(reply)")
        for (key, value) in zip(keys, reply.elements ?? []) { try expectEqual(value, .bulk("value of \(key)")) }
      }
      try bystanders.stop()
      try expectPeak(of: lab, below: 100 << 20)
    }
  }
}

/// The most that the ambassador has ever held; says so also when all is well.
func expectPeak(of lab: Lab, below limit: Int) throws {
  guard !TestTarget.isDirect else { return }
  let peak = try lab.ambassador.peakMemory
  print("\(testName): peak memory of the ambassador \(peak >> 20) MiB")
  try check(peak < limit, "the ambassador held \(peak >> 20) MiB, more than \(limit >> 20)")
}
