import Reactor

// The end of a session, and what it leaves behind.
extension UnsafeMutablePointer where Pointee == Client {
  func endSessionIfClean(_ session: Session) {
    if session.state.isClean, pointee.session === session, case .none = pointee.stream { endSession() }
  }

  /// Gives the upstream back if nothing of the client is left on it, and closes it if not.
  func endSession() {
    guard let session = pointee.session else { return }
    pointee.session = nil
    pointee.readWatcher.setUrgent(false, on: pointee.worker.pointee.loop)
    if session.isWaiting { stopWaiting(session) }
    session.end()
    pointee.outstanding -= Int32(session.state.takeQueue().count { !$0.what.isOurs })
    pointee.lane = nil
    guard let lane = session.lane else { return }
    lane.pointee.node.pointee.outstanding -= session.inFlight
    lane.pointee.session = nil
    session.lane = nil
    let isUntouched =
      session.state.isClean && !session.state.isAltered && !session.isAbandoned && session.inFlight == 0
      && lane.pointee.partial.isEmpty
      && lane.pointee.streamUnsent == 0 && !lane.pointee.isStreamOpen && lane.pointee.heldUpBy == nil
    if isUntouched, lane.pointee.state == .ready {
      pointee.worker.giveBack(lane)
    } else {
      lane.end("its client has gone", blaming: false)
    }
  }

  /// The feed has ended, and with it the connection, as soon as what came is written.
  func endAfterFeed() {
    endSession()
    finishWhenIdle()
  }

  /// Goes on with requests that have waited here.
  func goOnAfterHold() {
    guard pointee.park == .none, !pointee.input.isEmpty, !pointee.isClosed, !pointee.isFinishing else { return }
    if let session = pointee.session, mustWait(in: session) { return }
    unpark()
  }

  /// What a transaction or a command on the upstream has changed for the client itself.
  func take(_ effects: SessionState.Effects) {
    if let name = effects.name { pointee.name = name }
    if effects.database != nil || effects.protocolVersion != nil {
      use(database: effects.database, protocolVersion: effects.protocolVersion)
    }
    if let user = effects.user { become(user) }
  }
}
