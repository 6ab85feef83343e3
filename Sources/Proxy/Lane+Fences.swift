import Consistency
import RESP
import Reactor

// Probes: what was written where in the history of writes, and what a replica has of it.
extension UnsafeMutablePointer where Pointee == Lane {
  /// The batch that a write on this lane belongs to; begun when there is none. Something will be sent behind it at the end
  /// of this turn.
  @inline(__always)
  func openBatch() -> Ticket {
    pointee.batch != 0 ? pointee.batch : beginBatch()
  }

  @inline(never)
  private func beginBatch() -> Ticket {
    pointee.batch = pointee.worker.pointee.ledger.pointee.begin(under: pointee.node.pointee.reign)
    markDirty()
    return pointee.batch
  }

  /// Enters the writes of the run at hand, which goes to this lane, into the ledger.
  @inline(never)
  func enterGathered() {
    let worker = pointee.worker
    worker.pointee.ledger.pointee.mark(worker.gatheredKeys, openBatch())
    worker.pointee.gatheredCount = 0
  }

  /// A write is answered, and its client not told yet, that may have changed anything. Not entered when it was sent: it may
  /// run for long, and until it is answered nobody need see it.
  @inline(never)
  func enterLate() {
    let worker = pointee.worker
    if worker.pointee.settings.isFencing { worker.pointee.ledger.pointee.markEverything(openBatch()) }
  }

  /// Puts a probe behind what waits to be sent, if one is due: behind writes to fence them, behind reads to learn whether
  /// more may be read here.
  @inline(__always)
  func appendDueProbe() {
    let worker = pointee.worker
    guard worker.pointee.settings.isFencing else { return }
    if pointee.batch != 0 {
      // One at a time: while its answer is under way, writes gather for the next.
      if pointee.probing == 0, !worker.pointee.fitReplicas.isEmpty {
        if isProofDue(worker.pointee.loop.now) { appendProof() } else { worker.keepTime() }
      }
    } else if pointee.unsent > 0 || pointee.isProofWanted {
      let now = worker.pointee.loop.now
      if !pointee.node.pointee.isPrimary, pointee.isShared,
        pointee.coverage.mayLearn(fenced: worker.pointee.ledger.pointee.fenced, now: now)
      {
        appendProbe()
      }
    }
  }

  /// Whether the batch should be fenced now: at once while replicas are read, and now and then while they are not. Until
  /// it is fenced its keys are read from the primary.
  private func isProofDue(_ now: Double) -> Bool {
    pointee.worker.pointee.ledger.pointee.isRead(at: now, within: Limits.coverageInterest)
      || now - pointee.lastProof >= Limits.unreadFences
  }

  @inline(never)
  private func appendProof() {
    // A probe would wait for what its client does, and all that is written meanwhile with it. Before the stream every write
    // was answered; what a held-up lane owes is entered anew when it is read again.
    if pointee.isStreamOpen || pointee.heldUpBy != nil { return giveUpBatches() }
    pointee.lastProof = pointee.worker.pointee.loop.now
    pointee.probing = pointee.batch
    pointee.batch = 0
    appendProbe(attempts: 1)
  }

  /// Asks the node where it is in the history of writes.
  @inline(never)
  func appendProbe(attempts: UInt8 = 0) {
    pointee.isProofWanted = false
    if attempts == 0 { pointee.coverage.ask() }
    appendOurs(
      UnsafeRawBufferPointer(start: Self.probe.utf8Start, count: Self.probe.utf8CodeUnitCount), .probe,
      attempts: attempts)
  }

  private static var probe: StaticString { "*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n" }

  /// Whether a read goes with a probe in front of it rather than where this need is proven: on a lane of its client's own,
  /// and to a replica of a replica. While there is no primary, every replica counts as one; what it was asked already and
  /// lacks then is not sent there again and again.
  func isTrusted(with need: Ticket) -> Bool {
    guard pointee.isShared else { return true }
    guard !pointee.node.pointee.isDirect else { return false }
    let worker = pointee.worker
    if need <= pointee.coverage.proven || !pointee.coverage.isAnswered || worker.pointee.primary != nil { return true }
    let fenced = worker.pointee.ledger.pointee.fenced
    return need <= fenced && pointee.coverage.mayLearn(fenced: fenced, now: worker.pointee.loop.now)
  }

  /// Lets reads be sent on trust that need more than is proven: a probe stands in front of them, and they are asked on the
  /// primary when its answer does not bear them out.
  func verify(_ need: Ticket) {
    if pointee.node.pointee.isDirect {
      guard need > pointee.coverage.proven else { return }
      if pointee.coverage.asked == 0 { appendProbe() }
    } else if need == 0 {
      return
    } else if pointee.turnOfProbe != pointee.worker.pointee.turn {
      // Its data may go back while its connections stay: one in front of each turn's reads.
      pointee.turnOfProbe = pointee.worker.pointee.turn
      appendProbe()
    }
    pointee.coverage.promise(need)
  }

  /// Takes the answer to a probe, which has been removed from the head.
  func takeProbe(_ reply: UnsafeRawBufferPointer, isProof: Bool) {
    let worker = pointee.worker
    let ledger = worker.pointee.ledger
    let point = ReplicationPoint(reply: reply)
    if isProof, pointee.probesGivenUp > 0 {
      pointee.probesGivenUp -= 1
      return
    }
    if isProof {
      let batch = pointee.probing
      pointee.probing = 0
      if let point { ledger.pointee.prove(batch, at: point) } else { ledger.pointee.giveUp(batch) }
      // Writes that came meanwhile.
      if pointee.batch != 0 { markDirty() }
      // Replicas that nobody reads right now learn of it too, a little later.
      worker.keepTime()
      return
    }
    let now = worker.pointee.loop.now
    let before = pointee.coverage.proven
    let holds =
      point.map { pointee.coverage.learn($0, covering: ledger.pointee.coverage(at: $0), now: now) }
      ?? pointee.coverage.learnNothing(now: now)
    pointee.node.pointee.lastProven = pointee.coverage.proven
    worker.forgetWhatReplicasHave(now: now)
    // While there is no primary, reads wait that need more than any replica was proven to have.
    if pointee.coverage.proven > before, !worker.pointee.holding.isEmpty { worker.releaseHeld() }
    // Asked while the node was a replica, and answered when it is the primary: it lacks nothing that counts.
    guard !holds, !pointee.node.pointee.isPrimary, pointee.pending.count > 0 else { return }
    let evacuees = evacuate(keeping: nil, leavingTraces: true)
    rehome(
      evacuees, "it lacks writes that were acknowledged", .notExecuted, preferring: nil, because: .unproven)
    // What left was all that some have waited behind.
    wakeWaiters()
  }

  /// Nobody will hear of what these batches' probes would have said.
  func giveUpBatches() {
    let ledger = pointee.worker.pointee.ledger
    if pointee.batch != 0 { ledger.pointee.giveUp(pointee.batch) }
    if pointee.probing != 0 {
      ledger.pointee.giveUp(pointee.probing)
      pointee.probesGivenUp += 1
    }
    pointee.batch = 0
    pointee.probing = 0
  }

  /// Each tick: a batch that was not fenced at once is fenced when that is due. Says whether there is one.
  func keepFences(now: Double) -> Bool {
    guard pointee.batch != 0, pointee.probing == 0, pointee.state == .ready,
      !pointee.worker.pointee.fitReplicas.isEmpty
    else { return false }
    if isProofDue(now) { markDirty() }
    return true
  }

  /// Enters what was written here and is not answered, before any of it can be.
  func enterUnanswered() {
    let worker = pointee.worker
    guard worker.pointee.settings.isFencing else { return }
    // A streamed request's unsent bytes stand first and belong to no entry.
    var offset = pointee.streamUnsent
    for index in 0..<pointee.pending.count {
      guard let entry = pointee.pending.element(at: index) else { break }
      if entry.kind == .local { continue }
      if entry.kind == .streamedWrite { worker.pointee.ledger.pointee.markEverything(openBatch()) }
      if entry.kind == .write, entry.client != nil {
        let bytes = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes[offset..<offset + Int(entry.bytes)])
        worker.enter(Array(bytes.droppingRequests(entry.done)), on: self)
      }
      offset += Int(entry.bytes)
    }
  }

  /// Each tick: a lane that reads were sent to lately learns what was written since, also when nothing is sent to it now.
  /// Says whether there may be more to learn.
  func keepCoverage(now: Double) -> Bool {
    let worker = pointee.worker
    let fenced = worker.pointee.ledger.pointee.fenced
    guard worker.pointee.settings.isFencing, pointee.isShared, pointee.state == .ready,
      pointee.node.pointee.isFitReplica, pointee.coverage.proven < fenced,
      now - pointee.lastRead < Limits.coverageInterest
    else { return false }
    if pointee.coverage.mayLearn(fenced: fenced, now: now) {
      pointee.isProofWanted = true
      markDirty()
    }
    return true
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  var gatheredKeys: UnsafeBufferPointer<UInt64> {
    UnsafeBufferPointer(start: pointee.gathered, count: pointee.gatheredCount)
  }

  /// Notes that the run at hand names this key. False: there is no room for more.
  @inline(__always)
  func gather(_ keyHash: UInt64) -> Bool {
    pointee.ledger.pointee.prefetch(keyHash)
    pointee.gathered[pointee.gatheredCount] = keyHash
    pointee.gatheredCount &+= 1
    return pointee.gatheredCount < Limits.keysTogether
  }

  /// Single keys need not be known any more once all replicas that are read have what was written to them.
  func forgetWhatReplicasHave(now: Double) {
    var least = Ticket.max
    var most: Ticket = 0
    for index in pointee.fitReplicas {
      let node = pointee.nodes[index]
      guard node.pointee.isDirect else { continue }
      least = min(least, node.pointee.lastProven)
      most = max(most, node.pointee.lastProven)
    }
    guard most > 0 else { return }
    pointee.ledger.pointee.forget(upTo: pointee.horizon.advance(least: least, most: most, now: now))
  }
}
