import Reactor

// When one client's replies stand in the way of the others', and when a node is silent.
extension UnsafeMutablePointer where Pointee == Lane {
  /// The client at the head does not read: take no more from the node until it does.
  func holdUp(for client: ClientRef) {
    stepAside(for: client)
    guard pointee.state != .closed else { return }
    pointee.heldUpBy = client
    // From now on it is the client's time.
    if pointee.timedSince > 0 { pointee.timedSince = .infinity }
    client.pointee.holdsUp = self
    pointee.readWatcher.disarm(on: pointee.worker.pointee.loop)
    giveUpBatches()
    client.watchPatience()
  }

  /// The client reads again, or has gone.
  func release() {
    guard let client = pointee.heldUpBy else { return }
    pointee.heldUpBy = nil
    client.pointee.holdsUp = nil
    guard pointee.state != .closed else { return }
    pointee.lastProgress = pointee.worker.pointee.loop.now
    enterUnanswered()
    goOnReading()
    if pointee.state != .closed, pointee.heldUpBy == nil {
      pointee.readWatcher.arm(on: pointee.worker.pointee.loop)
    }
  }

  /// Makes this lane the client's own if all others' requests on it can be asked elsewhere: they get a fresh lane.
  ///
  /// Writes that were sent cannot be asked again; then everybody stays, and the client's patience is what is measured.
  func stepAside(for client: ClientRef) {
    let worker = pointee.worker
    guard pointee.isShared, worker.pointee.lent < worker.pointee.settings.limits.maxPinned else { return }
    var hasOthers = false
    var offset = 0
    for index in 0..<pointee.pending.count {
      guard let entry = pointee.pending.element(at: index) else { break }
      if entry.client != nil && entry.client != client {
        hasOthers = true
        if entry.kind == .write && offset < pointee.sent { return }
      }
      if entry.kind != .local { offset += Int(entry.bytes) }
    }
    worker.forget(self)
    pointee.sharing = .own(client)
    // Nobody else can be held up on it any more, and what a later client streams through it is no run.
    pointee.window = Int32.max
    markDirty()
    worker.pointee.lent += 1
    client.pointee.bigReplies = Limits.bigReplyMemory
    guard hasOthers else { return }

    var fresh: LaneRef?
    if !pointee.isRetiring, let index = worker.pointee.nodes.firstIndex(of: pointee.node) {
      fresh = worker.openShared(pointee.set, index)
      // The next big reply should find few others in flight behind it.
      fresh?.pointee.window = 1
    }
    let evacuees = evacuate(keeping: client, leavingTraces: true)
    rehome(
      evacuees, "its connection was taken by a large reply", .notExecuted, preferring: fresh,
      because: .bigReply)
    wakeWaiters()
  }

  /// Whether clients other than this one wait for replies on this lane.
  func owesOthers(than client: ClientRef?) -> Bool {
    for index in 0..<pointee.pending.count {
      guard let other = pointee.pending.element(at: index)?.client else { continue }
      if other != client && !other.pointee.isClosed { return true }
    }
    return false
  }

  /// Ends an own lane on which only dropped replies are still to come.
  func closeIfNobodyWaits() {
    for index in 0..<pointee.pending.count {
      guard let entry = pointee.pending.element(at: index) else { break }
      // A batch of writes waits for its proof, and an errand is for the node alone.
      if entry.kind == .probe && entry.attempts == 1 || entry.kind == .errand { return }
      if let client = entry.client, !client.pointee.isClosed { return }
    }
    end("nobody waits for it", blaming: false)
  }

  /// Judges the lane's silence; says whether time still matters to it.
  func checkDeadline(now: Double) -> Bool {
    let limits = pointee.worker.pointee.settings.limits
    // It was asked not to answer.
    if pointee.worker.isPostponing(pointee.node), pointee.state != .connecting { pointee.lastProgress = now }
    let silence = now - pointee.lastProgress
    switch pointee.state {
    case .closed: return false
    case .connecting, .greeting:
      let isTooLong = silence > limits.connectTimeout && (pointee.state == .connecting || isDispensable)
      if isTooLong || silence > limits.connectTimeout * Limits.patience {
        fail("no answer to a new connection within \(Int(silence * 1000)) ms")
      }
      return true
    case .ready:
      if let end = pointee.refusesUntil {
        // However long it was silent before: a handover pauses writes, and refuses them at its end.
        guard now > end else { return true }
        self.end("\(pointee.node.pointee.name) is not the primary any more", blaming: false)
        return false
      }
      if pointee.heldUpBy != nil || pointee.isGated || pointee.isFrozen {
        pointee.lastProgress = now
        return true
      }
      if let session = pointee.session { return checkDeadline(of: session, now: now) }
      guard pointee.isAwaitingReply else { return !pointee.pending.isEmpty }
      let isPrimary = hasPrimarysTime
      if silence > limits.upstreamTimeout * Limits.patience
        || silence > limits.upstreamTimeout && !isPrimary && hasEvidence && isDispensable
      {
        fail("silent for \(Int(silence * 1000)) ms with requests waiting")
      } else if !pointee.isSuspect, silence > (isPrimary ? limits.upstreamTimeout : Limits.replicaSilence) {
        suspect()
      }
      return true
    }
  }

  /// Whether nobody else can tell what became of its writes.
  private var hasPrimarysTime: Bool { pointee.node.pointee.isLastPrimary || pointee.keepsPrimarysTime }

  /// Whether the silence is believed to be the node's. On an own lane it may be the long work that its client has asked
  /// for, which another node would have to do all over again: there, discovery must have found the node wanting too.
  /// Nor does that count a second time: a read that two nodes are silent about is what they are silent about.
  private var hasEvidence: Bool {
    pointee.isShared || !pointee.node.pointee.isFitReplica && (pointee.pending.first?.pointee.attempts ?? 0) == 0
  }

  /// Whether nobody would be better off waiting for this lane: nobody does, or another node can answer now.
  private var isDispensable: Bool {
    if pointee.session != nil { return false }
    if !owesOthers(than: nil) { return true }
    guard let refuge = pointee.worker.bestReadLane(pointee.set, .preferReplica, avoiding: pointee.node) else {
      return false
    }
    return refuge.pointee.state == .ready && !refuge.pointee.isSuspect
  }

  /// The node has been silent: it gets nothing more until it speaks, and waiting reads are asked elsewhere.
  private func suspect() {
    let worker = pointee.worker
    if hasPrimarysTime {
      // The fate of what was sent is open as long as the node may answer; what was not sent is safe here. Except for the
      // rest of a request: the node has nothing to say before it has all of it.
      pointee.isSuspect = pointee.streamUnsent == 0 && !isNextHalfSent
      return
    }
    // Reads that have moved before stay: silence everywhere is a slow machine or a slow command, not a hung node.
    guard pointee.isShared, (pointee.pending.first?.pointee.attempts ?? 0) < Limits.silentMoves else { return }
    guard let refuge = worker.bestReadLane(pointee.set, .preferReplica, avoiding: pointee.node),
      refuge.pointee.state == .ready
    else { return }
    if !pointee.isReplyStarted, let slow = slowReader, worker.pointee.lent < worker.pointee.settings.limits.maxPinned {
      return leave(to: slow, preferring: refuge)
    }
    pointee.isSuspect = true
    pointee.set.pointee.chooseAnew()
    worker.pointee.report(.replicaSilent(pointee.node.pointee.name))
    let started = pointee.isReplyStarted ? pointee.pending.first?.pointee.client : nil
    let evacuees = evacuate(keeping: started, leavingTraces: true)
    rehome(evacuees, "it is silent", .notExecuted, preferring: refuge, because: .silence)
    // Their requests are elsewhere: nobody has to wait for this one to take more.
    wakeWaiters()
  }
}
