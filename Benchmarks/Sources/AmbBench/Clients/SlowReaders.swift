import Synchronization

/// A crowd of `PacedReader`s on a thread of its own. They ask one after the other over `arrival` seconds (Redis copies a
/// whole value at once for each, and a hundred at the same moment would measure nothing but that), read at their pace
/// for `seconds` more, then as fast as they can, and are closed 15 s after.
final class SlowReaders: Sendable {
  struct Findings {
    var complete = 0
    var spedUp = 0
    var closedUnfinished = 0
    var wrong: [String] = []
    var bytes = 0
    var seconds: [Double] = []
    /// When every reader had its first bytes; nil if that never came.
    var allReadingAt: UInt64?
    var spedUpAt: UInt64?
  }

  private let findings = Mutex<Findings?>(nil)
  private let thread = Mutex<BenchThread?>(nil)

  init(
    port: UInt16, count: Int, bytesPerSecond: Int, arrival: Double, seconds: Double, values: BigValues,
    key: String? = nil
  ) throws {
    let readers = try (0..<count).map { index in
      let value = index % values.values.count
      return try PacedReader(port: port, key: key ?? BigValues.key(value), expected: values.values[value])
    }
    let crowd = Crowd(readers: readers, rate: Double(bytesPerSecond), arrival: arrival, seconds: seconds)
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
    let arrival: Double
    let seconds: Double

    func run(_ owner: SlowReaders) {
      let began = Clock.now()
      var found = Findings()
      while readers.contains(where: { !$0.isDone }) {
        let now = Clock.now()
        let elapsed = Double(now - began) / 1e9
        if elapsed > arrival + seconds && found.spedUpAt == nil {
          found.spedUpAt = now
          found.spedUp = readers.count { !$0.isDone }
        }
        if elapsed > arrival + seconds + 15 { break }
        for (index, reader) in readers.enumerated() where !reader.isDone {
          if reader.outcome == .notAsked {
            guard elapsed >= arrival * Double(index) / Double(readers.count) else { break }  // they arrive in order
            reader.ask()
          }
          reader.read(upTo: found.spedUpAt != nil ? .max : Int(Double(now - min(now, reader.askedAt)) / 1e9 * rate))
        }
        if found.allReadingAt == nil && readers.allSatisfy({ $0.received > 0 || $0.isDone }) {
          found.allReadingAt = now
        }
        Clock.sleep(milliseconds: 2)
      }
      for reader in readers {
        found.bytes += reader.received
        switch reader.outcome {
        case .notAsked, .reading: found.closedUnfinished += 1
        case .complete:
          found.complete += 1
          found.seconds.append(Double(reader.finishedAt - reader.askedAt) / 1e9)
        case .wrong(let what): found.wrong.append(what)
        }
      }
      let result = found
      owner.findings.withLock { $0 = result }
    }
  }
}
