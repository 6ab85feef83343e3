import Reactor

// Sessions and the topology.
extension UnsafeMutablePointer where Pointee == Worker {
  /// The topology has changed: what the server holds for a client is worth something on the primary only.
  func moveSessions() {
    let now = pointee.loop.now
    for lane in pointee.lanes where lane.pointee.session != nil && !lane.pointee.node.pointee.isPrimary {
      if lane.pointee.isHandedOver || lane.isUnblocking { continue }
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
    var left = Limits.movesTogether
    for session in waiting where !session.isOver && session.lane == nil && session.state.needsUpstream {
      if left > 0, mayConnect(session) {
        left -= 1
        if session.client.upstream(of: session) != nil { continue }
      }
      if session.isWaiting, !mayHold { session.client.giveUpWaiting(session) }
      if !session.isOver, session.state.needsUpstream { pointee.adrift.append(session) }
    }
    return !pointee.adrift.isEmpty
  }

  /// Whether the primary answers: one that is away is tried by a shared connection, not by one of each session.
  private func mayConnect(_ session: Session) -> Bool {
    if isPrimaryReady { return true }
    let set = session.client.pointee.set
    return primaryLane(set)?.pointee.state == .ready || refusal(of: set) != nil
  }

  /// This worker's clients, oldest first.
  var clients: [ClientRef] {
    var clients: [ClientRef] = []
    var next = pointee.firstClient
    while let client = next {
      if !client.pointee.isClosed { clients.append(client) }
      next = client.pointee.next
    }
    return clients.reversed()
  }

  func client(_ id: UInt64) -> ClientRef? { clients.first { $0.pointee.id == id } }

  /// Closes upstreams that nobody has needed for a while, but for a few.
  func trimIdleUpstreams() {
    let now = pointee.loop.now
    var isFull = false
    for set in pointee.sets {
      for index in set.pointee.idle.indices {
        // The oldest stand first, because the newest are lent first.
        while set.pointee.idle[index].count > Limits.idleUpstreams, let oldest = set.pointee.idle[index].first,
          now - oldest.pointee.idleSince >= Limits.idleUpstreamLife
        {
          set.pointee.idle[index].removeFirst()
          oldest.close()
        }
        if set.pointee.idle[index].count > Limits.idleUpstreams { isFull = true }
      }
    }
    if endUnusedLanes() || isFull { armTrim() }
  }

  /// Ends the lanes of databases and protocol versions that no client has used for a while. Says whether there are others
  /// that may be unused for long.
  private func endUnusedLanes() -> Bool {
    var some = false
    for set in pointee.sets where set.pointee.clients == 0 && !set.pointee.isFirst {
      if pointee.loop.now - set.pointee.unusedSince >= Limits.idleUpstreamLife {
        endLanes(of: set)
      } else {
        some = true
      }
    }
    return some
  }

  func armTrim() {
    guard !pointee.trimTimer.isArmed else { return }
    pointee.trimTimer.arm(on: pointee.loop, after: Limits.idleUpstreamLife)
  }
}
