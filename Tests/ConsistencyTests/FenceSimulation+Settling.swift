import Consistency

/// Everything works again, and nobody writes.
extension FenceSimulation {
  /// Lets all that is under way come to its end.
  private func settle(rounds: Int) {
    faultsEvery = 0
    for _ in 0..<rounds {
      now += 1
      for node in nodes { reconfigure(node) }
      for _ in 0..<2 { for node in nodes { catchUp(node) } }
      while !orphans.isEmpty { executeOrphan() }
      for worker in workers {
        learnPrimary(worker)
        for lane in worker.lanes + worker.retired {
          flush(lane)
          while !lane.isBroken, !lane.requests.isEmpty { execute(lane) }
          while !lane.replies.isEmpty { deliver(lane, of: worker) }
          deliver(lane, of: worker)
        }
        for lane in worker.replicaLanes {
          while !lane.isBroken, !lane.requests.isEmpty { execute(lane) }
          while !lane.replies.isEmpty { deliver(lane, of: worker) }
          deliver(lane, of: worker)
        }
      }
    }
  }

  private func catchUp(_ node: SimulatedNode) {
    repeat { follow(node) } while node.isLinked && node.log.count < nodes[node.upstream].log.count
  }

  /// What is left that should not be when everything works again: every replica has every write, and the ledger must
  /// come to know it by the questions that reads ask.
  func unfinishedBusiness() -> String? {
    settle(rounds: 6)
    // A question to the primary may tell of a new history, and another one where it is; then replicas are asked.
    for _ in 0..<3 {
      if ledger.needsProbe { probeOnly(pick(workers)) }
      settle(rounds: 1)
      for lane in workers.flatMap(\.replicaLanes)
      where lane.coverage.mayLearn(fenced: ledger.fenced, now: now) {
        ask(lane)
      }
      settle(rounds: 1)
    }
    let latest = ledger.latest
    let fenced = ledger.fenced
    guard fenced == latest else { return "fenced up to \(fenced) of \(latest)" }
    for lane in workers.flatMap(\.replicaLanes) where lane.coverage.proven != latest {
      return "node \(lane.node.id) is proven to have \(lane.coverage.proven) of \(latest)"
    }
    return violation
  }
}
