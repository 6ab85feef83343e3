import Reactor

// Sessions and the topology.
extension UnsafeMutablePointer where Pointee == Worker {
  /// The topology has changed: what the server holds for a client is worth something on the primary only.
  func moveSessions() {
    let now = pointee.loop.now
    for lane in pointee.lanes where lane.pointee.session != nil && !lane.pointee.node.pointee.isPrimary {
      if pointee.primary != nil {
        lane.end("\(lane.pointee.node.pointee.name) is not the primary any more", blaming: false)
      } else {
        // It may come back. From now on its silence counts.
        lane.pointee.lastProgress = now
        keepTime()
      }
    }
    retryAdrift()
  }

  /// Gives upstreams to the sessions that must have one again. Says whether any is still without.
  @discardableResult
  func retryAdrift() -> Bool {
    guard !pointee.adrift.isEmpty else { return false }
    let waiting = pointee.adrift
    pointee.adrift.removeAll()
    for session in waiting where !session.isOver && session.lane == nil && session.state.needsUpstream {
      if session.client.upstream(of: session) == nil { pointee.adrift.append(session) }
    }
    return !pointee.adrift.isEmpty
  }

  /// One of this worker's clients.
  func client(_ id: UInt64) -> ClientRef? {
    var next = pointee.firstClient
    while let client = next {
      if client.pointee.id == id, !client.pointee.isClosed { return client }
      next = client.pointee.next
    }
    return nil
  }
}
