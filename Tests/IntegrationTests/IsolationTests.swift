import TestSupport
import Testing

/// Nobody gets another's reply, whatever clients and nodes do.
struct IsolationTests {
  @Test(arguments: [1, 2])
  func `random clients get their own replies and no others`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      try run(lab, clients: 12, for: .seconds(5))
    }
  }

  @Test(.throughTheAmbassador, arguments: [1, 2])
  func `random clients while replicas come and go`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      try run(lab, clients: 8, for: .seconds(6)) { round in
        let replica = lab.replicas[round % 2]
        if round % 3 == 2 {
          replica.freeze()
          pause(.milliseconds(300))
          replica.thaw()
        } else {
          try replica.restart()
          pause(.milliseconds(200))
        }
      }
    }
  }

  @Test func `2 threads share one port and all clients are served`() throws {
    try withLab(flags: ["--threads", "2"]) { lab in
      let bystanders = try Bystanders(lab, clients: 32)
      try bystanders.goOn(3000)
      try bystanders.stop()
    }
  }

  /// REDIS_AMB_TEST_SEED repeats a run's choices (not its timing).
  private func run(
    _ lab: Lab, clients: Int, for duration: Duration,
    meanwhile: (Int) throws -> Void = { _ in pause(.milliseconds(100)) }
  ) throws {
    let seed = Tool.seed ?? UInt64.random(in: 0...UInt64.max)
    print("\(testName): REDIS_AMB_TEST_SEED=\(seed)")
    let service = lab.service
    let crew = Crew(clients) { index, shift in
      var client = RandomClient(name: "client\(index)", seed: seed &+ UInt64(index), service: service)
      while !shift.isOver { try client.step() }
    }
    let end = Deadline(within: duration)
    var round = 0
    while !end.isOver && crew.errors.isEmpty {
      try meanwhile(round)
      round += 1
    }
    do { try crew.stop() } catch { throw Failure("seed \(seed): \(error)") }
  }
}
