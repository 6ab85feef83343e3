import RESP
import Reactor

// Ending a request that blocks by the server's hand: whether an element was given for it is decided there, so that none can
// be lost on the way.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Has the server end the request that blocks an upstream. Nobody waits for the answer to that: it is the blocked
  /// request's that counts. In vain if the server has not read that one yet.
  /// - Parameter reason: `TIMEOUT` or `ERROR`, as CLIENT UNBLOCK takes them.
  func unblock(_ blocked: LaneRef, _ reason: StaticString) {
    guard blocked.pointee.upstreamID > 0, let index = pointee.nodes.firstIndex(of: blocked.pointee.node) else { return }
    // The connection on which the client's own kind asks: there, all that they ask from now on is behind this.
    var sets = [laneSet(database: 0, protocolVersion: 2, identity: 0)]
    if blocked.pointee.set.pointee.identity == 0 { sets.insert(blocked.pointee.set, at: 0) }
    guard let lane = sets.lazy.compactMap({ shared($0, index) }).first(where: { $0.pointee.state == .ready })
    else { return }
    var request: [UInt8] = []
    RequestWriter.append("CLIENT", "UNBLOCK", String(blocked.pointee.upstreamID), "\(reason)", to: &request)
    request.withUnsafeBytes { lane.appendOurs($0, .read) }
  }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// The client sends no more while its request blocks: as far as redis-server is concerned it has gone, and whatever is
  /// given to the request would be lost. So the server is told before anything that others ask from now on: it is asked to
  /// end the request, and hears on the request's own connection, behind it, that nothing more comes. One that it answers
  /// before it hears of that still gets its reply, and what is behind it is served.
  func abandonBlocked() {
    guard let session = pointee.session, session.state.isBlocked else { return }
    let worker = pointee.worker
    if let lane = session.lane {
      if !session.isAbandoned { worker.unblock(lane, "TIMEOUT") }
      if lane.pointee.state == .ready, lane.pointee.streamUnsent == 0, pointee.input.isEmpty {
        Gate.endSending(lane.pointee.fd)
      }
    }
    session.isAbandoned = true
    worker.keepTime()
  }

  /// Whether to close without waiting for what the server makes of that.
  func endsBlocked() -> Bool {
    guard let session = pointee.session, session.state.isBlocked else { return false }
    return pointee.worker.pointee.loop.now - session.blockedSince > Limits.blockedGrace
  }

  /// Whether the client has closed its side behind requests that are not read while it blocks.
  func hasGoneUnread() -> Bool { !pointee.readWatcher.isArmed && Gate.isHungUp(pointee.fd) }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// Closes the client of a session whose upstream has ended, as it was to, or cannot be written to any more. False: there is
  /// none.
  func endAbandoned() -> Bool {
    guard let session = pointee.session, session.isAbandoned else { return false }
    let client = session.client
    let isAnswered = session.state.queue.isEmpty
    client.endSession()
    if isAnswered { client.finishWhenIdle() } else { client.close() }
    return true
  }

  /// Whether a reply says to nobody that nothing was given: its client has gone, and redis-server would have closed the
  /// connection before.
  func endsAbandoned(_ session: Session, _ reply: UnsafeRawBufferPointer) -> Bool {
    session.isAbandoned && session.state.isBlocked && SessionWords.isNothing(reply)
  }
}
