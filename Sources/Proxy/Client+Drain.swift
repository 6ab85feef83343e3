import Reactor

// What becomes of clients when the ambassador ends.
extension UnsafeMutablePointer where Pointee == Client {
  /// Serves what the client has sent so far, and closes when it is answered. One that blocks is told, by the server, as if
  /// somebody had said CLIENT UNBLOCK: whether it still gets an element is decided there, and none can be lost on the way.
  func drain() {
    // Requests that have arrived but were not read yet: closing now would throw them away, and reset the connection.
    if pointee.readWatcher.isArmed { readable() } else { finishWhenRead() }
  }

  /// Closes the client when all that it has sent was read, and is answered. Some of that may have to wait for its turn, and
  /// the rest of a request to arrive.
  func finishWhenRead() {
    guard !pointee.isClosed else { return }
    if let session = pointee.session, session.state.isBlocked, let lane = session.lane {
      // If the server does not say so soon, the connection is closed all the same.
      session.blockedSince = pointee.worker.pointee.loop.now
      pointee.worker.keepTime()
      pointee.worker.unblock(lane, "ERROR")
    }
    if case .forwarding = pointee.stream { return }
    if pointee.input.isEmpty, Gate.pendingInput(pointee.fd) == 0 { finishWhenIdle() }
  }
}
