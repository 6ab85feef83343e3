import Synchronization

/// A crowd of `PacedReader`s on a thread of its own: paced until the time is up, then as fast as they can, then closed.
final class SlowReaders: Sendable {
  struct Findings {
    var complete = 0
    var spedUp = 0
    var closedUnfinished = 0
    var wrong: [String] = []
    var bytes = 0
    var seconds: [Double] = []
  }

  private let findings = Mutex<Findings?>(nil)
  private let thread = Mutex<BenchThread?>(nil)

  init(port: UInt16, count: Int, bytesPerSecond: Int, seconds: Double, values: BigValues) throws {
    let readers = try (0..<count).map { index in
      let value = index % values.values.count
      return try PacedReader(port: port, key: BigValues.key(value), expected: values.values[value])
    }
    let crowd = Crowd(readers: readers, rate: Double(bytesPerSecond), seconds: seconds)
    let started = BenchThread { [self] in crowd.run(self) }
    thread.withLock { $0 = started }
  }

  /// nil while they still read.
  var result: Findings? { findings.withLock { $0 } }

  func join() {
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
  }

  private struct Crowd {
    let readers: [PacedReader]
    let rate: Double
    let seconds: Double

    func run(_ owner: SlowReaders) {
      let began = Clock.now()
      var spedUp = 0
      var hasSpedUp = false
      while readers.contains(where: { $0.outcome == .reading }) {
        let elapsed = Double(Clock.now() - began) / 1e9
        if elapsed > seconds && !hasSpedUp {
          hasSpedUp = true
          spedUp = readers.count { $0.outcome == .reading }
        }
        if elapsed > seconds + 15 { break }
        // In the paced phase allowances are staggered, so that the readers do not read in step.
        for (index, reader) in readers.enumerated() where reader.outcome == .reading {
          let lag = Double(index) / Double(readers.count) * 0.03
          reader.read(upTo: hasSpedUp ? .max : Int(max(0, elapsed - lag) * rate))
        }
        Clock.sleep(milliseconds: 2)
      }
      var found = Findings(spedUp: spedUp)
      for reader in readers {
        found.bytes += reader.received
        switch reader.outcome {
        case .reading: found.closedUnfinished += 1
        case .complete:
          found.complete += 1
          found.seconds.append(Double(reader.finishedAt - began) / 1e9)
        case .wrong(let what): found.wrong.append(what)
        }
      }
      let result = found
      owner.findings.withLock { $0 = result }
    }
  }
}
