import RESP
import Reactor

// What becomes of requests on their way to a primary when another takes its place. What it says of writes it has executed
// is worth nothing: they may be gone by the time it is heard. That it has *not* executed one is worth much, and a node that
// was made a replica is about to say so of everything that it had not begun: it is heard out for a moment.
extension UnsafeMutablePointer where Pointee == Worker {
  /// False: the lane has nothing to say, and ends.
  func hearOut(_ lane: LaneRef) -> Bool {
    let now = pointee.loop.now
    guard lane.pointee.state == .ready, mayHold, !lane.pointee.isReplyStarted, lane.pointee.heldUpBy == nil,
      !lane.pointee.isStreamOpen, lane.pointee.streamUnsent == 0
    else { return false }
    if let session = lane.pointee.session {
      if session.unblockedBy != nil { return true }
      if session.state.isBlocked { return askToUnblock(lane) }
      guard session.inFlight > 0, !session.state.isOpaque, !lane.isSilent(now) else { return false }
      session.unblockedBy = now + Limits.lastWords
    } else {
      let mayRefuse = lane.pointee.isShared || lane.pointee.pending.first?.pointee.kind == .write
      guard mayRefuse, lane.pointee.sent > 0, !lane.isSilent(now) else { return false }
      // New requests find another, and what was not sent waits for its end.
      forget(lane)
      lane.pointee.isRetiring = true
      lane.pointee.refusesUntil = now + Limits.lastWords
    }
    keepTime()
    return true
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// A node that has not answered for so long is hung or out of reach, and nobody waits for its last words. One that has
  /// paused writes, as for a handover, answers at its end.
  fileprivate func isSilent(_ now: Double) -> Bool {
    !pointee.isFrozen
      && (pointee.isSuspect || now - pointee.lastProgress > pointee.worker.pointee.settings.limits.upstreamTimeout)
  }

  /// A former primary has answered a write.
  func giveUnknown(_ client: ClientRef) {
    let bytes = ProxyRefusal.unknownFate(
      pointee.node.pointee.name, "\(pointee.node.pointee.name) is not the primary any more"
    ).bytes
    pointee.worker.pointee.counters.unknownFates += 1
    bytes.withUnsafeBytes { client.deliverInTurn($0) }
  }

  /// A former primary has answered a request of a session. Says whether the lane ends with it.
  func endsWithLastWord(_ session: Session, _ reply: UnsafeRawBufferPointer) -> Bool {
    guard let head = session.state.queue.first else { return false }
    if session.state.isBlocked { return endUnblocked(session, reply) }
    let isQueued = reply.elementsEqual(SessionWords.queued)
    guard head.what.mayWrite, !isQueued else { return false }
    end("\(pointee.node.pointee.name) is not the primary any more", blaming: false)
    return true
  }
}
