import Consistency
import RESP
import Reactor

// Waiting for a primary instead of being refused.
extension UnsafeMutablePointer where Pointee == Client {
  /// Lets the request that was just scanned wait, and with it all that comes behind it. False: it has to be refused.
  func hold(_ length: Int) -> Bool {
    let worker = pointee.worker
    guard worker.mayHold, worker.refusal(of: pointee.set) == nil else { return false }
    pointee.heldBytes += length
    worker.pointee.heldBytes += length
    // One that tries again has been counted.
    let wasCounted =
      pointee.isHeldForProof || worker.pointee.absentSince.map { $0 == pointee.countedAbsence } ?? false
    pointee.isHeldForProof = false
    pointee.isHeldForReplica = false
    waitForPrimary()
    if !wasCounted { worker.pointee.counters.held += 1 }
    pointee.countedAbsence = worker.pointee.absentSince ?? 0
    return true
  }

  func waitForPrimary() {
    let worker = pointee.worker
    park(.hold)
    worker.beginAbsence()
    guard !pointee.isHolding else { return }
    pointee.isHolding = true
    worker.pointee.holding.append(self)
  }

  /// Keeps a request for another attempt; whatever the client is given until then waits behind it.
  /// - Parameter attempts: how often it was sent and lost.
  func takeBack(_ request: [UInt8], isRead: Bool, needsPrimary: Bool, attempts: UInt8 = 0) {
    begunHeld(needsPrimary).append(.request(request, isRead: isRead, attempts: attempts))
    pointee.worker.pointee.counters.takenBack += 1
  }

  /// Keeps what was never sent; what the client still waits for comes before it.
  func shelve(_ item: Held.Item, needsPrimary: Bool) { begunHeld(needsPrimary).appendUnsent(item) }

  /// Whether the reply to an earlier request is missing and waited for, so that what comes now has to wait as well.
  @inline(__always)
  var isBehindHeld: Bool { pointee.held?.isInTheWay ?? false }

  /// Gives what was answered here its turn: at once, unless something before it is missing.
  func deliverInTurn(_ reply: UnsafeRawBufferPointer) {
    if let held = pointee.held, held.isInTheWay { held.append(.reply(Array(reply))) } else { deliver(reply) }
  }

  private func begunHeld(_ needsPrimary: Bool) -> Held {
    let held = pointee.held ?? Held()
    pointee.held = held
    if needsPrimary { held.needsPrimary = true }
    queueAskingAgain()
    // What it sends from now on waits too.
    park(.hold)
    return held
  }

  func queueAskingAgain() {
    guard !pointee.isTakenBack else { return }
    pointee.isTakenBack = true
    pointee.worker.pointee.takenBack.append(self)
  }

  /// At the end of a turn: asks again what was taken back, or waits until that can be done.
  func askAgain() {
    pointee.isTakenBack = false
    guard !pointee.isClosed else {
      pointee.held = nil
      return freeIfDone()
    }
    guard let held = pointee.held, pointee.outstanding == 0 else { return }
    let worker = pointee.worker
    if let lane = lane(for: held) { return place(held, on: lane) }
    guard worker.mayHold, worker.refusal(of: pointee.set) == nil else { return refuseHeld() }
    pointee.heldBytes += held.bytes
    worker.pointee.heldBytes += held.bytes
    waitForPrimary()
  }

  /// The primary's lane, or for what only reads one to whoever has, or may have, what it must see.
  private func lane(for held: Held) -> LaneRef? {
    let worker = pointee.worker
    if held.needsPrimary { return worker.primaryLane(pointee.set) }
    guard let lane = worker.bestReadLane(pointee.set, pointee.rules.policy, avoiding: nil) else { return nil }
    guard isFenced, !lane.pointee.node.pointee.isPrimary else { return lane }
    var need: Ticket = 0
    for case .request(let request, isRead: true, _) in held.items { need = max(need, worker.need(of: request)) }
    return need <= lane.pointee.coverage.proven ? lane : laneWithProof(of: need, insteadOf: lane).0
  }

  private func place(_ held: Held, on lane: LaneRef) {
    let worker = pointee.worker
    pointee.held = nil
    for item in held.items {
      switch item {
      case .request(let request, let isRead, let attempts):
        if !isRead {
          worker.enter(request, on: lane)
        } else if isFenced, !lane.pointee.node.pointee.isPrimary {
          lane.verify(worker.need(of: request))
        }
        request.withUnsafeBytes { lane.append($0, from: self, count: 1, isRead ? .read : .write, attempts: attempts) }
      case .reply(let bytes):
        reply(bytes)
      }
    }
    endHold()
  }

  /// Nobody came: what was taken back was not executed, and never will be.
  private func refuseHeld() {
    guard let held = pointee.held else { return }
    let refusal = pointee.worker.whyUnserved(pointee.set).bytes
    pointee.held = nil
    for item in held.items {
      switch item {
      case .request: reply(refusal)
      case .reply(let bytes): reply(bytes)
      }
    }
    endHold()
  }

  private func endHold() {
    if pointee.park == .hold { unpark() }
  }

  /// There may be a primary now, or there will be none in time.
  func goOnFromHold() {
    pointee.isHolding = false
    pointee.worker.pointee.heldBytes -= pointee.heldBytes
    pointee.heldBytes = 0
    if pointee.isClosed {
      pointee.held = nil
      return freeIfDone()
    }
    if pointee.held != nil { askAgain() } else { endHold() }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Whether requests may still wait for a primary. The time counts from when it was lost, not for each request anew: an
  /// outage that lasts is told at once.
  var mayHold: Bool {
    let limits = pointee.settings.limits
    guard hasRoomToHold, !pointee.isDraining else { return false }
    // A pause is as long as whoever asked for it wants it.
    if pointee.isPaused { return true }
    guard limits.hold > 0 else { return false }
    guard let since = pointee.absentSince else { return true }
    return pointee.loop.now - since < limits.hold
  }

  func beginAbsence() {
    guard !pointee.isPaused else { return keepTime() }
    if pointee.absentSince == nil { pointee.absentSince = pointee.loop.now }
    if pointee.outage.began == nil { pointee.outage.began = pointee.absentSince }
    pointee.outage.ended = nil
    keepTime()
  }

  /// The primary has refused a write that it would take if it were one: nothing goes there for a moment.
  func pausePrimary(_ why: String) {
    guard !pointee.isPrimaryPaused, let primary = pointee.primary else { return }
    pointee.isPrimaryPaused = true
    pointee.pausedUntil = pointee.loop.now + Limits.primaryPause
    beginAbsence()
    pointee.report(.primaryRefused(pointee.nodes[primary].pointee.name, why: why))
  }

  /// A connection to the primary has been proven to answer, or a topology names one that has such a connection.
  func endAbsence() {
    pointee.absentSince = nil
    pointee.outage.ended = pointee.loop.now
    pointee.isPrimaryPaused = false
    releaseHeld()
  }

  /// Lets everybody try who waits, in the order in which they began to.
  func releaseHeld() {
    for _ in 0..<pointee.holding.count {
      guard let client = pointee.holding.popFirst() else { return }
      client.goOnFromHold()
    }
  }

  /// Lets some of those try again who wait. Says whether there are any.
  @discardableResult
  private func retry(_ isMeant: (ClientRef) -> Bool) -> Bool {
    var some = false
    for _ in 0..<pointee.holding.count {
      guard let client = pointee.holding.popFirst() else { break }
      if isMeant(client) {
        some = true
        client.goOnFromHold()
      } else {
        pointee.holding.append(client)
      }
    }
    return some
  }

  /// Whether what a client waits with can be asked of a replica: one that was silent or away is of use again.
  private func isReadable(_ client: ClientRef) -> Bool {
    let mayBeReplicas = client.pointee.held.map { !$0.needsPrimary } ?? client.pointee.isHeldForReplica
    return mayBeReplicas && !client.pointee.isClosed
      && bestReadLane(client.pointee.set, client.pointee.rules.policy, avoiding: nil) != nil
  }

  /// Each tick. Says whether there is anything to wait for.
  func checkHold(now: Double) -> Bool {
    // Until it ends, everybody who waits would only be sent back.
    if pointee.isPaused {
      // By now a replica may be proven to have what a read must see.
      return retry { $0.pointee.isHeldForProof } || pointee.postponement != nil
    }
    if pointee.isPrimaryPaused, now >= pointee.pausedUntil {
      pointee.isPrimaryPaused = false
      // The next who is refused pauses it again.
      releaseHeld()
    }
    guard let since = pointee.absentSince else { return !pointee.holding.isEmpty }
    if now - since >= pointee.settings.limits.hold {
      // `mayHold` is over: each is refused.
      releaseHeld()
      giveUpDoubted()
    } else if let first = pointee.holding.first {
      // Nobody else asks for a connection that was put off: whoever would, waits for it. A replica's lets them try again
      // when it is ready.
      if primaryLane(first.pointee.pointee.set) != nil {
        releaseHeld()
      } else {
        openWanted()
        retry(isReadable)
      }
    }
    guard !pointee.isPrimaryPaused else { return true }
    // What a client's pause lets wait is no sign of anything.
    if pointee.holding.isEmpty || pointee.postponement != nil, isPrimaryReady {
      // It is back for good when it has refused nothing for a while.
      guard now - pointee.pausedUntil > 0.5 else { return true }
      pointee.absentSince = nil
    }
    return !pointee.holding.isEmpty
  }

  /// Whether the primary is one, or was made anew, so short a time ago that its replicas may have yet to find it.
  var hasYetToFindReplicas: Bool { pointee.loop.now - pointee.succeededAt < Limits.successionGrace }

  /// Whether a connection to the primary is in use.
  var isPrimaryReady: Bool {
    guard let primary = pointee.primary, !pointee.isPrimaryBarred else { return false }
    return pointee.sets.contains { shared($0, primary)?.pointee.state == .ready }
  }
}
