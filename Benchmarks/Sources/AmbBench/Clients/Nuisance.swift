import Synchronization

/// One client that does the same over and over, on a thread of its own.
final class Nuisance: Sendable {
  struct Findings {
    var rounds = 0
    var failure: String?
  }

  private let shouldStop = Atomic(false)
  private let findings = Mutex(Findings())
  private let thread = Mutex<BenchThread?>(nil)

  /// - Parameters:
  ///   - pause: milliseconds between two rounds.
  ///   - act: one round.
  init(port: UInt16, pause: Double = 0, _ act: @escaping @Sendable (RedisConnection) throws -> Void) throws {
    let connection = try RedisConnection(port: port, bufferSize: 1 << 18)
    let started = BenchThread { [self] in go(on: connection, pause, act) }
    thread.withLock { $0 = started }
  }

  /// Ends after the round that is under way.
  func stop() -> Findings {
    shouldStop.store(true, ordering: .relaxed)
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    return findings.withLock { $0 }
  }

  private func go(on connection: RedisConnection, _ pause: Double, _ act: (RedisConnection) throws -> Void) {
    do {
      while !shouldStop.load(ordering: .relaxed) {
        try act(connection)
        findings.withLock { $0.rounds += 1 }
        if pause > 0 { Clock.sleep(milliseconds: pause) }
      }
    } catch {
      findings.withLock { $0.failure = "\(error)" }
    }
  }
}
