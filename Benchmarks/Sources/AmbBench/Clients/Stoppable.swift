import Synchronization

/// Work on a thread of its own, until it is told to stop, and what it has found then.
final class Stoppable<Findings: Sendable>: Sendable {
  private let shouldStop = Atomic(false)
  private let findings: Mutex<Findings>
  private let thread = Mutex<BenchThread?>(nil)

  /// - Parameters:
  ///   - nothing: what was found as long as nothing was.
  ///   - work: runs until `isOver` says so, or until it cannot go on.
  init(_ nothing: Findings, _ work: sending @escaping (_ isOver: () -> Bool) -> Findings) {
    findings = Mutex(nothing)
    let started = BenchThread { [self] in
      let found = work { shouldStop.load(ordering: .relaxed) }
      findings.withLock { $0 = found }
    }
    thread.withLock { $0 = started }
  }

  /// Does not wait for it.
  func tellToStop() { shouldStop.store(true, ordering: .relaxed) }

  /// Waits until it has ended. A second call gives the same.
  func stop() -> Findings {
    tellToStop()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    return findings.withLock { $0 }
  }
}
