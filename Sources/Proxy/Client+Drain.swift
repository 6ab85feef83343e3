import RESP
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
      pointee.worker.unblock(lane)
    }
    if case .forwarding = pointee.stream { return }
    if pointee.input.isEmpty, Gate.pendingInput(pointee.fd) == 0 { finishWhenIdle() }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Has the server end the request that blocks an upstream, with its own error. Nobody waits for the answer to that.
  fileprivate func unblock(_ blocked: LaneRef) {
    let own = laneSet(database: 0, protocolVersion: 2, identity: 0)
    guard blocked.pointee.upstreamID > 0, let index = pointee.nodes.firstIndex(of: blocked.pointee.node),
      let lane = shared(own, index), lane.pointee.state == .ready
    else { return }
    var request: [UInt8] = []
    RequestWriter.append("CLIENT", "UNBLOCK", String(blocked.pointee.upstreamID), "ERROR", to: &request)
    request.withUnsafeBytes { lane.appendOurs($0, .read) }
  }
}
