import Reactor

// A primary of which it is not proven any more that it is one, while nobody else is. It may go on as before; or another takes
// its place, and then whatever it says of writes from now on is worth nothing. So it gets nothing more, and what it says of
// writes is not passed on before it is known which of the two it is.
extension UnsafeMutablePointer where Pointee == Worker {
  /// The topology has changed: doubts begin, or are over.
  func followDoubts(isHandover: Bool) {
    let now = pointee.loop.now
    for node in pointee.nodes {
      let isDoubted = pointee.primary == nil && node.pointee.isLastPrimary && !isHandover
      if isDoubted, node.pointee.doubtedSince == .infinity {
        node.pointee.doubtedSince = now
        for lane in pointee.lanes where lane.pointee.node == node && !lane.pointee.isHandedOver { lane.doubt() }
      } else if !isDoubted, node.pointee.doubtedSince != .infinity {
        node.pointee.doubtedSince = .infinity
        // Those of one that is succeeded are heard out, or end.
        guard node.pointee.isPrimary || isHandover else { continue }
        for lane in pointee.lanes where lane.pointee.node == node { lane.trustAgain() }
      }
    }
  }

  /// The doubt lasts longer than requests wait: what was sent is of unknown fate, and what was not is refused.
  func giveUpDoubted() {
    for lane in pointee.lanes where lane.pointee.isGated || lane.pointee.isFrozen { lane.endInDoubt() }
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// Whether what the node says of writes now is passed on only when it is proven anew.
  var isDoubtful: Bool {
    let since = pointee.node.pointee.doubtedSince
    return since != .infinity && !pointee.isHandedOver
      && pointee.worker.pointee.loop.now - since > Limits.lastAcknowledgements
  }

  fileprivate func doubt() {
    let worker = pointee.worker
    switch pointee.state {
    case .closed: return
    case .connecting, .greeting: endInDoubt()
    case .ready where pointee.isShared || isLentForRequests: shelveUnsent()
    case .ready:
      let mayWriteLater =
        pointee.isStreamOpen || pointee.session.map { $0.state.queue.contains(\.mayWrite) } ?? true
      guard pointee.isStreamOpen || pointee.streamUnsent > 0, mayWriteLater else { return }
      guard worker.mayHold else { return endInDoubt() }
      gate()
    }
  }

  /// Whether it is lent for requests that are kept, and for nothing else.
  private var isLentForRequests: Bool {
    pointee.isLent && pointee.session == nil && !pointee.isStreamOpen && pointee.streamUnsent == 0
  }

  private func gate() {
    pointee.isGated = true
    pointee.worker.beginAbsence()
  }

  fileprivate func endInDoubt() {
    end("\(pointee.node.pointee.name) is not proven to be the primary any more", blaming: false)
  }

  fileprivate func trustAgain() {
    guard pointee.state != .closed else { return }
    pointee.lastProgress = pointee.worker.pointee.loop.now
    if pointee.isGated {
      pointee.isGated = false
      markDirty()
    }
    thaw()
  }

  /// The node has acknowledged a write that it may be losing: takes nothing more from it until that is known.
  func freeze() {
    let worker = pointee.worker
    guard worker.mayHold else { return endInDoubt() }
    pointee.isFrozen = true
    pointee.readWatcher.disarm(on: worker.pointee.loop)
    worker.beginAbsence()
  }

  func thaw() {
    guard pointee.isFrozen else { return }
    pointee.isFrozen = false
    pointee.lastProgress = pointee.worker.pointee.loop.now
    goOnReading()
    if pointee.state != .closed, pointee.heldUpBy == nil, !pointee.isFrozen {
      pointee.readWatcher.arm(on: pointee.worker.pointee.loop)
    }
  }

  /// Lets what was not sent yet wait for whoever is proven to be the primary, in its client's order.
  private func shelveUnsent() {
    let worker = pointee.worker
    for evacuee in evacuate(keeping: nil, leavingTraces: true, onlyUnsent: true) {
      let client = evacuee.client
      client.pointee.outstanding -= Int32(evacuee.count)
      if client.pointee.isClosed {
        client.freeIfDone()
        continue
      }
      switch evacuee.kind {
      case .local:
        client.shelve(.reply(evacuee.bytes), needsPrimary: false)
        continue
      case .permission:
        // A question of ours, not a request of its: it asks again.
        client.reconsider()
        continue
      default: break
      }
      let isRead = evacuee.kind == .read
      evacuee.bytes.withUnsafeBytes { bytes in
        bytes.forEachRequest { request, _ in
          client.shelve(.request(Array(request), isRead: isRead, attempts: evacuee.attempts), needsPrimary: !isRead)
        }
      }
    }
    wakeWaiters()
    if pointee.unsent > 0 {
      // Half of a request.
      gate()
    } else if pointee.pending.isEmpty, pointee.isLent {
      worker.giveBack(self)
    }
  }
}
