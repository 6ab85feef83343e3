import Reactor
import Routing

// A client's beginning and end. Closing only marks; the turn's end takes the client out of everything, and its memory
// goes when no lane owes it a reply any more.
extension UnsafeMutablePointer where Pointee == Worker {
  /// Takes over a connection that was accepted.
  /// - Parameter listener: the place of the address that it came through.
  func adopt(_ fd: Int32, id: UInt64, rules: ListenerRules, listener: Int = 0) {
    if pointee.isDraining { return Gate.close(fd) }
    let set = laneSet(database: 0, protocolVersion: 2, identity: 0)
    let client = ClientRef.allocate(capacity: 1)
    client.initialize(to: Client(worker: self, fd: fd, id: id, set: set))
    set.pointee.clients += 1
    client.pointee.rules = rules
    client.pointee.listener = listener
    client.pointee.isBarred = rules.requiresAuthentication
    client.pointee.scanner.isAuthenticated = !rules.requiresAuthentication
    client.pointee.readWatcher.prepare(fd: fd, for: .readable, owner: client) { raw, _ in
      owner(raw, as: Client.self).readable()
    }
    client.pointee.writeWatcher.prepare(fd: fd, for: .writable, owner: client) { raw, _ in
      owner(raw, as: Client.self).writable()
    }
    client.pointee.next = pointee.firstClient
    pointee.firstClient?.pointee.previous = client
    pointee.firstClient = client
    pointee.clientCount += 1
    pointee.accepted += 1
    client.pointee.readWatcher.arm(on: pointee.loop)
  }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// Ends the connection now; nothing more is read from it or written to it.
  func close() {
    guard !pointee.isClosed else { return }
    pointee.isClosed = true
    let worker = pointee.worker
    pointee.readWatcher.disarm(on: worker.pointee.loop)
    pointee.writeWatcher.disarm(on: worker.pointee.loop)
    Gate.close(pointee.fd)
    worker.pointee.closed.append(self)
  }

  /// Takes a closed client out of everything but the lanes that owe it replies.
  func reap() {
    let worker = pointee.worker
    if let next = pointee.next { next.pointee.previous = pointee.previous }
    if let previous = pointee.previous {
      previous.pointee.next = pointee.next
    } else {
      worker.pointee.firstClient = pointee.next
    }
    worker.pointee.clientCount -= 1
    worker.pointee.outputBytes -= pointee.output.count
    pointee.output.release()
    pointee.input.release()
    worker.pointee.heldBytes -= pointee.heldBytes
    pointee.heldBytes = 0
    releaseLarge()
    if pointee.session != nil {
      pointee.stream = .none
      endSession()
    }
    if case .forwarding(let lane) = pointee.stream { lane.abandonStream() }
    pointee.stream = .none
    if let lane = pointee.holdsUp { lane.release() }
    if pointee.outstanding > 0, let lane = pointee.lane, !lane.pointee.isShared {
      // Nobody waits for what it would still bring.
      lane.end("its client has gone", blaming: false)
    }
    worker.leave(pointee.set)
    worker.countClient(of: pointee.set.pointee.identity, -1)
    pointee.isReaped = true
    freeIfDone()
  }

  /// Frees a closed client once nothing refers to it.
  func freeIfDone() {
    guard pointee.isReaped, pointee.outstanding == 0, !pointee.isQueuedToResume, !pointee.isDirty,
      !pointee.isInPatienceList, !pointee.isHolding, !pointee.isTakenBack, pointee.park != .room, !pointee.isFreed
    else { return }
    pointee.isFreed = true
    pointee.worker.pointee.deadClients.append(self)
  }
}
