import Glibc
import TestSupport
import Testing

/// Clients that leave at the wrong time or never do: nobody else may feel it.
struct UnluckyClientTests {
  @Test func `clients that leave in the middle of a request`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      let whole = Request.bytes(pipeline: [["SET", "half", "value"], ["GET", "half"], ["ECHO", "x"]])
      for cut in whole.indices {
        let client = try lab.connect()
        try client.send(Array(whole[..<cut]))
        if cut % 2 == 0 { client.abort() } else { client.close() }
      }
      try bystanders.goOn()
      try bystanders.stop()
    }
  }

  @Test func `clients that leave in the middle of a reply`() throws {
    try withLab { lab in
      let value = String(repeating: "large ", count: 200_000)
      try lab.redis.seed([["SET", "large", value]])
      let bystanders = try Bystanders(lab)
      for round in 0..<60 {
        let client = try lab.connect(receiveBuffer: 8192)
        try client.send(Request.bytes(pipeline: Array(repeating: ["GET", "large"], count: 4)))
        _ = try client.receiveSome(atMost: 1 + round * 100)
        if round % 2 == 0 { client.abort() } else { client.close() }
      }
      try bystanders.goOn()
      try bystanders.stop()
      try expectPeak(of: lab, below: 100 << 20)
    }
  }

  @Test func `half a request and then silence`() throws {
    try withLab { lab in
      let bystanders = try Bystanders(lab)
      let halves = [
        "*3\r\n$3\r\nSET\r\n$5\r\nquiet\r\n$10\r\n12345", "*2\r\n$3\r\nGE", "*", "GET qui", "*100000\r\n$1",
      ]
      let silent = try (0..<50).map { index in
        let client = try lab.connect()
        try client.send(halves[index % halves.count])
        return client
      }
      try bystanders.goOn(1000)
      try silent[0].send("67890\r\n")
      try expectEqual(try silent[0].reply().value, .simple("OK"), "the one that goes on after all")
      try bystanders.stop()
    }
  }

  @Test func `200 connections that come and go with requests in flight, again and again`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "not yours", String(repeating: "n", count: 5000)]])
      let bystanders = try Bystanders(lab, clients: 6)
      for round in 0..<5 {
        var crowd: [RESPClient] = []
        for index in 0..<200 {
          let client = try lab.connect()
          try client.send(
            Request.bytes(
              pipeline: Array(repeating: ["GET", "not yours"], count: 10) + [["INCR", "crowd"], ["ECHO", "\(index)"]]))
          crowd.append(client)
        }
        for (index, client) in crowd.enumerated() where index % 3 == 0 { _ = try client.receiveSome() }
        for (index, client) in crowd.enumerated() {
          if (index + round) % 2 == 0 { client.abort() } else { client.close() }
        }
        try bystanders.goOn(200)
      }
      try bystanders.stop()
    }
  }

  @Test(.throughTheAmbassador)
  func `clients that ask for ever and never read: memory is bounded and others are served`() throws {
    try withLab { lab in
      try lab.redis.seed([["SET", "kilobyte", String(repeating: "k", count: 1024)]])
      let bystanders = try Bystanders(lab)
      let deaf = Crew(10) { _, _ in
        let client = try lab.connect(receiveBuffer: 4096)
        let requests = Request.bytes(pipeline: Array(repeating: ["GET", "kilobyte"], count: 1000))
        try Self.push(requests, into: client, atMost: 32 << 20)
      }
      try deaf.finish()
      try bystanders.goOn(1000)
      try bystanders.stop()
      try expectPeak(of: lab, below: 100 << 20)
    }
  }

  @Test(.throughTheAmbassador, arguments: [["PING"], ["ECHO", String(repeating: "e", count: 50_000)]])
  func `a client that goes on asking while the primary is silent: memory is bounded`(command: [String]) throws {
    try withLab(replicas: 0, flags: ["--upstream-timeout", "1m"]) { lab in
      let client = try lab.connect()
      try expectEqual(try client.call("INCR", "counter"), .integer(1))
      lab.primary.freeze()
      try client.send(Request.bytes(["INCR", "counter"]))
      // What needs no node is answered in its turn, and its turn does not come.
      let request = Request.bytes(command)
      let requests = Request.bytes(pipeline: Array(repeating: command, count: 1000))
      let asked = try Self.push(requests, into: client, atMost: 96 << 20) / request.count
      lab.primary.thaw()
      let answer = command.count > 1 ? RESPValue.bulk(command[1]) : .simple("PONG")
      try expectEqual(try client.reply().value, .integer(2))
      for index in 0..<min(asked, 5000) { try check(try client.reply().value == answer, "answer \(index) of \(asked)") }
      try expectPeak(of: lab, below: 100 << 20)
    }
  }

  /// Sends until the other side takes no more for three seconds, or closes; either is a bound. Gives what was sent.
  @discardableResult
  private static func push(_ requests: [UInt8], into client: RESPClient, atMost limit: Int) throws -> Int {
    var sent = 0
    var progress = ContinuousClock.now
    do {
      while ContinuousClock.now - progress < .seconds(3) {
        // From where the last call stopped: what arrives is a stream of whole requests.
        let start = sent % requests.count
        let count = try requests.withUnsafeBytes { try client.sendSome(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        sent += count
        if count > 0 { progress = .now } else { pause(.milliseconds(20)) }
        try check(sent < limit, "\(sent) bytes of requests are taken from a client that reads nothing")
      }
    } catch is RESPClient.Closed {}
    return sent
  }

  @Test(.throughTheAmbassador)
  func `slow readers of large values: memory is bounded, given back, and others are served`() throws {
    try withLab { lab in
      let value = BigValue(size: 16 << 20)
      let writer = try lab.primary.connect()
      try value.set("large", through: writer)
      try expectEqual(try writer.reply().value, .simple("OK"))
      try lab.redis.settle()
      let ambassador = try lab.ambassador
      let atStart = try ambassador.residentMemory
      let bystanders = try Bystanders(lab)
      let slow = Crew(40) { _, shift in
        let client = try lab.connect(receiveBuffer: 16384)
        try client.send(Request.bytes(["GET", "large"]))
        while !shift.isOver {
          _ = try client.receiveSome(atMost: 65536)
          pause(.milliseconds(64))
        }
      }
      let end = Deadline(within: .seconds(5))
      while !end.isOver { try bystanders.goOn(50) }
      try slow.stop()
      try bystanders.goOn()
      try bystanders.stop()
      try expectPeak(of: lab, below: 64 << 20)
      try eventually("memory is given back: \(try ambassador.residentMemory) of \(atStart) at the start") {
        try ambassador.residentMemory < atStart * 3 / 2 + (4 << 20)
      }
    }
  }

  @Test func `a slow reader gets all of it in the end`() throws {
    try withLab { lab in
      let value = BigValue(size: 8 << 20)
      let writer = try lab.primary.connect()
      try value.set("large", through: writer)
      _ = try writer.reply()
      try lab.redis.settle()
      let bystanders = try Bystanders(lab)
      try concurrently(6) { index in
        let client = try lab.connect(receiveBuffer: 16384)
        try client.send(Request.bytes(pipeline: [["GET", "large"], ["ECHO", "\(index)"], ["GET", "none"]]))
        pause(.milliseconds(100 * index))
        try value.expect(from: client)
        try expectEqual(try client.replies(2), [.bulk("\(index)"), .nullBulk])
      }
      try bystanders.stop()
    }
  }
}
