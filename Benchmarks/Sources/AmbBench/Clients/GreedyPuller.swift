import Synchronization

/// One client that pulls large values as fast as they come, on a thread of its own, and checks them.
final class GreedyPuller: Sendable {
  struct Findings {
    var pulls = 0
    var failure: String?
  }

  private let shouldStop = Atomic(false)
  private let findings = Mutex(Findings())
  private let thread = Mutex<BenchThread?>(nil)

  init(port: UInt16, values: BigValues) throws {
    let connection = try RedisConnection(port: port)
    let started = BenchThread { [self] in pull(connection, values) }
    thread.withLock { $0 = started }
  }

  func stop() -> Findings {
    shouldStop.store(true, ordering: .relaxed)
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    return findings.withLock { $0 }
  }

  private func pull(_ connection: RedisConnection, _ values: BigValues) {
    var found = Findings()
    do {
      while !shouldStop.load(ordering: .relaxed) {
        let index = found.pulls % values.values.count
        guard try connection.command("GET", BigValues.key(index)) == .bulk(values.values[index]) else {
          throw BenchError("a large value came back changed")
        }
        found.pulls += 1
      }
    } catch {
      found.failure = "\(error)"
    }
    let result = found
    findings.withLock { $0 = result }
  }
}
