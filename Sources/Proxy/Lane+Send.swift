import Commands
import Reactor

// From requests to the node's socket.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Takes a run of requests of one client.
  /// - Parameter isInput: `bytes` are all of the client's input, and nothing is stored here: the buffers are exchanged.
  @inline(__always)
  func append(
    _ bytes: UnsafeRawBufferPointer, from client: ClientRef, count: UInt32, _ kind: Pending.Kind, attempts: UInt8 = 0,
    isEnteredLate: Bool = false, isInput: Bool = false
  ) {
    if let last = pointee.pending.last, last.pointee.client == client, last.pointee.kind == kind,
      last.pointee.attempts == attempts, !isEnteredLate, !last.pointee.isEnteredLate,
      pointee.unsent >= Int(last.pointee.bytes),
      Int(last.pointee.bytes) + bytes.count <= Limits.largeRequest
    {
      // Behind one of the same that has not left yet: one longer run. A large request stays a run of its own: a node may
      // refuse it before it has all of it.
      last.pointee.bytes += UInt32(bytes.count)
      last.pointee.count += count
    } else {
      pointee.pending.append(
        Pending(
          client: client, bytes: UInt32(bytes.count), count: count, kind: kind, isEnteredLate: isEnteredLate,
          attempts: attempts))
      pointee.newRuns &+= 1
    }
    if kind == .read {
      pointee.node.pointee.traffic.requests[.read] &+= Int(count)
    } else {
      pointee.node.pointee.traffic.requests[.write] &+= Int(count)
    }
    if isInput {
      swap(&pointee.requests, &client.pointee.input)
      client.pointee.isInputGiven = true
    } else {
      pointee.requests.append(bytes)
    }
    client.pointee.lane = self
    client.pointee.outstanding += Int32(count)
    pointee.node.pointee.outstanding += Int(count)
    markDirty()
  }

  /// Takes a reply that is given here, to stand behind those that the client still waits for.
  func appendLocal(_ reply: [UInt8], to client: ClientRef) {
    if let last = pointee.pending.last, last.pointee.client == client, last.pointee.kind == .local {
      last.pointee.bytes += UInt32(reply.count)
      last.pointee.count += 1
    } else {
      pointee.pending.append(Pending(client: client, bytes: UInt32(reply.count), count: 1, kind: .local))
      pointee.newRuns &+= 1
    }
    pointee.localReplies.append(reply)
    client.pointee.lane = self
    client.pointee.outstanding += 1
  }

  /// Takes a request of our own, which no client waits for.
  func appendOurs(_ request: UnsafeRawBufferPointer, _ kind: Pending.Kind, attempts: UInt8 = 0) {
    pointee.pending.append(
      Pending(client: nil, bytes: UInt32(request.count), count: 1, kind: kind, attempts: attempts))
    pointee.newRuns &+= 1
    pointee.requests.append(request)
    pointee.node.pointee.outstanding += 1
    markDirty()
  }

  /// Takes a question of our own for which a client waits.
  func appendQuestion(_ request: [UInt8], about command: LocalCommand, for client: ClientRef) {
    pointee.pending.append(
      Pending(
        client: client, bytes: UInt32(request.count), count: 1, kind: .permission, attempts: command.rawValue))
    pointee.newRuns &+= 1
    pointee.requests.append(request)
    client.pointee.lane = self
    client.pointee.outstanding += 1
    pointee.node.pointee.outstanding += 1
    markDirty()
  }

  /// Announces a request that will arrive piece by piece.
  func appendStreamEntry(of client: ClientRef, _ kind: Pending.Kind) {
    pointee.pending.append(Pending(client: client, bytes: 0, count: 1, kind: kind))
    pointee.newRuns &+= 1
    pointee.node.pointee.traffic.requests[kind == .streamedRead ? .read : .write] &+= 1
    client.pointee.lane = self
    client.pointee.outstanding += 1
    pointee.node.pointee.outstanding += 1
    pointee.isStreamOpen = true
  }

  /// Takes a piece of it.
  func appendStreamed(_ bytes: UnsafeRawBufferPointer) {
    pointee.requests.append(bytes)
    pointee.streamUnsent += bytes.count
    pointee.streamQueued += bytes.count
    markDirty()
  }

  @inline(__always)
  func markDirty() {
    guard !pointee.isDirty else { return }
    pointee.isDirty = true
    pointee.worker.pointee.toSend.append(self)
  }

  /// Writes what waits, once.
  func flush() {
    pointee.isDirty = false
    guard pointee.state == .ready, !pointee.isSuspect, !pointee.isGated, pointee.refusesUntil == nil,
      !pointee.writeWatcher.isArmed
    else { return }
    appendDueProbe()
    let allowed = pointee.window == Int32.max ? pointee.unsent : windowed()
    guard allowed > 0, let base = pointee.requests.bytes.baseAddress else { return }
    let worker = pointee.worker
    if pointee.sent == 0 || pointee.timedSince == 0 {
      let now = worker.pointee.loop.now
      if pointee.sent == 0 { pointee.lastProgress = now }
      if pointee.timedSince == 0 { beginTiming(now) }
    }
    pointee.newRuns = 0
    switch Gate.send(pointee.fd, base + pointee.sent, count: allowed) {
    case .moved(let count):
      recordSent(count)
      if count < allowed { pointee.writeWatcher.arm(on: worker.pointee.loop) }
      worker.keepTime()
    case .wouldBlock, .endOfStream:
      pointee.writeWatcher.arm(on: worker.pointee.loop)
      worker.keepTime()
    case .failed(let error):
      return fail(error.description)
    }
    if !pointee.waiters.isEmpty && pointee.unsent <= Limits.laneBacklogLow { wakeWaiters() }
  }

  @inline(__always)
  private func recordSent(_ count: Int) {
    if pointee.streamUnsent == 0 {
      pointee.sent += count
      if pointee.unsent > 0 { pointee.lastProgress = pointee.worker.pointee.loop.now }
      return
    }
    // Streamed bytes come first and are not kept.
    let streamed = Swift.min(count, pointee.streamUnsent)
    pointee.streamUnsent -= streamed
    pointee.requests.consume(streamed)
    pointee.sent += count - streamed
    pointee.lastProgress = pointee.worker.pointee.loop.now
    pointee.requests.shrinkIfEmpty(above: Limits.keptBuffer)
  }

  /// How many unsent bytes belong to the first `window` runs.
  private func windowed() -> Int {
    var runs: Int32 = 0
    var bytes = 0
    for index in 0..<pointee.pending.count {
      guard let entry = pointee.pending.element(at: index), runs < pointee.window else { break }
      if entry.kind == .local { continue }
      bytes += Int(entry.bytes)
      runs += 1
    }
    return Swift.max(0, bytes - pointee.sent)
  }

  /// A reply has come in time: more may be in flight together.
  func widenWindow() {
    guard pointee.window != Int32.max else { return }
    pointee.window = pointee.window >= 1024 ? Int32.max : pointee.window * 2
    markDirty()
  }

  func wakeWaiters() {
    while let client = pointee.waiters.popFirst() {
      if client.pointee.park == .room { client.unpark() }
    }
  }
}
