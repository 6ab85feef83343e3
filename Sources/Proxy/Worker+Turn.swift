import Reactor

// The end of a turn, and the clock.
extension UnsafeMutablePointer where Pointee == Worker {
  func startTurns() {
    pointee.turnEnd.arm(on: pointee.loop, owner: self) { raw, _ in owner(raw, as: Worker.self).endTurn() }
    pointee.wake.prepare(owner: self) { raw, _ in
      let worker: WorkerRef = owner(raw)
      worker.pointee.turnSince = worker.pointee.loop.now
    }
    pointee.trimTimer.prepare(owner: self) { raw, _ in owner(raw, as: Worker.self).trimIdleUpstreams() }
    pointee.tick.prepare(owner: self) { raw, _ in owner(raw, as: Worker.self).checkDeadlines() }
  }

  /// Does what the turn's events have asked for until nothing is left, then frees what ended.
  func endTurn() {
    repeat {
      while let client = pointee.closed.popFirst() { client.reap() }
      while let client = pointee.takenBack.popFirst() { client.askAgain() }
      while let client = pointee.toResume.popFirst() { client.resume() }
      while let lane = pointee.toSend.popFirst() { lane.flush() }
      while let client = pointee.toFlush.popFirst() { client.flush() }
    } while !(pointee.closed.isEmpty && pointee.takenBack.isEmpty && pointee.toResume.isEmpty && pointee.toSend.isEmpty
      && pointee.toFlush.isEmpty)

    while let client = pointee.deadClients.popFirst() {
      client.deinitialize(count: 1)
      client.deallocate()
    }
    while let lane = pointee.deadLanes.popFirst() {
      lane.deinitialize(count: 1)
      lane.deallocate()
    }
    pointee.turn &+= 1
    if pointee.turn & (Limits.turnsPerTimed &- 1) == 0 {
      pointee.wake.arm(on: pointee.loop)
    } else if pointee.turnSince > 0 {
      pointee.turns.record(pointee.loop.now - pointee.turnSince)
      pointee.turnSince = 0
    }
    if pointee.isDraining && pointee.clientCount == 0 { finishDraining() }
  }

  /// Makes the deadline timer run; it stops by itself when nothing waits.
  @inline(__always)
  func keepTime() {
    if !pointee.tick.isArmed {
      pointee.tick.arm(on: pointee.loop, after: Limits.tick, repeating: Limits.tick)
    }
  }

  private func checkDeadlines() {
    let now = pointee.loop.now
    var isWaiting = checkHandover()
    if checkPostponement(now: now) { isWaiting = true }
    // A lane that ends is taken from the list: go through a copy.
    for lane in pointee.lanes where lane.pointee.state != .closed {
      if lane.checkDeadline(now: now) { isWaiting = true }
      if lane.keepFences(now: now) { isWaiting = true }
      if lane.keepCoverage(now: now) { isWaiting = true }
    }
    if checkHold(now: now) { isWaiting = true }
    if tellOutage(now: now) { isWaiting = true }
    if retryAdrift() { isWaiting = true }
    if !pointee.impatient.isEmpty {
      isWaiting = true
      let stuck = pointee.impatient
      pointee.impatient.removeAll(keepingCapacity: true)
      for client in stuck {
        client.pointee.isInPatienceList = false
        client.checkPatience(now: now)
      }
    }
    if !isWaiting {
      pointee.tick.disarm(on: pointee.loop)
      for lane in pointee.lanes { lane.pointee.requests.shrinkIfEmpty(above: 0) }
      pointee.largeBuffers.release()
    }
  }
}
