import Reactor

// From replies to a client's socket.
extension UnsafeMutablePointer where Pointee == Client {
  /// Hands on reply bytes that came from a lane: to the kernel at once if nothing waits, without copying.
  @inline(__always)
  func deliver(_ bytes: UnsafeRawBufferPointer) {
    guard !pointee.isClosed, let start = bytes.baseAddress else { return }
    if pointee.output.isEmpty {
      switch Gate.send(pointee.fd, start, count: bytes.count) {
      case .moved(bytes.count): return
      case .moved(let count): keep(UnsafeRawBufferPointer(rebasing: bytes[count...]))
      case .wouldBlock, .endOfStream: keep(bytes)
      case .failed: close()
      }
    } else {
      keep(bytes)
    }
  }

  private func keep(_ bytes: UnsafeRawBufferPointer) {
    let worker = pointee.worker
    if pointee.output.isEmpty { pointee.stuckSince = worker.pointee.loop.now }
    pointee.output.append(bytes)
    worker.pointee.outputBytes += bytes.count
    if !pointee.isDirty { pointee.writeWatcher.arm(on: worker.pointee.loop) }
    if worker.pointee.outputBytes > worker.pointee.settings.limits.workerMemory {
      closeForMemory("all clients together hold more than limits.memory")
    }
  }

  /// Answers a request here: after the replies to all requests before it.
  func reply(_ bytes: [UInt8]) {
    guard !pointee.isClosed else { return }
    if let held = pointee.held, held.isInTheWay {
      held.append(.reply(bytes))
      return
    }
    if let session = pointee.session {
      if session.isMuted { return }
      if pointee.outstanding > 0 { return keepTurn(bytes, session) }
    }
    if pointee.outstanding > 0, let lane = pointee.lane {
      lane.appendLocal(bytes, to: self)
      if pointee.outstanding >= Limits.clientInFlight {
        park(.inFlight)
      } else if lane.pointee.localReplies.count >= Limits.laneBacklogHigh {
        park(.order)
      }
      return
    }
    say(bytes)
    if pointee.output.count >= pointee.outputHigh { holdForOutput() }
  }

  /// Appends to what the client gets, whatever it still waits for.
  func say(_ bytes: [UInt8]) {
    guard !pointee.isClosed else { return }
    pointee.output.append(bytes)
    pointee.worker.pointee.outputBytes += bytes.count
    markDirty()
  }

  /// Asks for a flush at the end of the turn.
  func markDirty() {
    guard !pointee.isDirty else { return }
    pointee.isDirty = true
    pointee.worker.pointee.toFlush.append(self)
  }

  /// Answers, takes no more input, and closes when everything owed is written.
  func finish(with bytes: [UInt8]) {
    reply(bytes)
    finishWhenIdle()
  }

  /// Takes no more input, and closes once everything asked so far is answered.
  func finishWhenIdle() {
    guard !pointee.isClosed else { return }
    pointee.isFinishing = true
    pointee.readWatcher.disarm(on: pointee.worker.pointee.loop)
    markDirty()
  }

  /// The client sends no more. Replies on their way still reach one that has closed only its sending side, as they would
  /// from redis-server, which has them ready by then; one that has gone altogether is noticed by writing to it.
  func finishSending() {
    abandonBlocked()
    if endsBlocked() { return close() }
    // What waits behind a request is served first, if that is answered; the end is read again then.
    if !pointee.input.isEmpty {
      if pointee.isQueuedToResume { return }
      if let session = pointee.session, mustWait(in: session) { return park(.order) }
    }
    if case .none = pointee.stream { finishWhenIdle() } else { close() }
  }

  func writable() { flush() }

  /// Writes what waits.
  func flush() {
    pointee.isDirty = false
    guard !pointee.isClosed else { return freeIfDone() }
    let worker = pointee.worker
    if let start = pointee.output.bytes.baseAddress, !pointee.output.isEmpty {
      switch Gate.send(pointee.fd, start, count: pointee.output.count) {
      case .moved(let count):
        pointee.output.consume(count)
        worker.pointee.outputBytes -= count
        pointee.stuckSince = worker.pointee.loop.now
      case .wouldBlock, .endOfStream: break
      case .failed: return close()
      }
    }
    if pointee.output.isEmpty {
      pointee.output.shrinkIfEmpty(above: 0)
      pointee.outputHigh = Limits.clientOutputHigh
      pointee.writeWatcher.disarm(on: worker.pointee.loop)
      if pointee.isFinishing && pointee.outstanding == 0 && pointee.held == nil { return close() }
    } else {
      pointee.writeWatcher.arm(on: worker.pointee.loop)
    }
    if pointee.output.count <= Limits.clientOutputLow, let lane = pointee.holdsUp { lane.release() }
    reconsider()
  }

  /// A reply has come, or will never come, for `count` requests.
  @inline(__always)
  func settle(_ count: Int32) {
    pointee.outstanding -= count
    if pointee.isClosed {
      freeIfDone()
    } else if pointee.park != .none {
      reconsider()
    }
    if pointee.outstanding == 0 {
      if pointee.held != nil { queueAskingAgain() }
      if pointee.isFinishing && !pointee.isClosed { markDirty() }
    }
  }
}

// Patience with clients that do not read.
extension UnsafeMutablePointer where Pointee == Client {
  func watchPatience() {
    guard !pointee.isInPatienceList, !pointee.isClosed else { return }
    pointee.isInPatienceList = true
    pointee.worker.pointee.impatient.append(self)
    pointee.worker.keepTime()
  }

  /// Called each tick for a client for which much waits.
  func checkPatience(now: Double) {
    if pointee.isClosed { return freeIfDone() }
    guard pointee.output.count > Limits.clientOutputLow else { return }
    let stuckFor = now - pointee.stuckSince
    let limit = pointee.worker.pointee.settings.limits.clientOutput
    if let lane = pointee.holdsUp, lane.pointee.pending.count > 1, stuckFor > Limits.neighbourPatience,
      lane.owesOthers(than: self)
    {
      return closeForMemory("it does not read its replies, and writes of other clients wait behind them")
    }
    // One that still sends may be unable to read until all is sent, as libraries with deep pipelines are: redis-server
    // would take everything, so it gets room.
    if stuckFor > Limits.outputPatience, Gate.pendingInput(pointee.fd) > 0 {
      guard pointee.outputHigh < limit else {
        return closeForMemory("it sends on without reading; more than limits.client-output waits for it")
      }
      pointee.outputHigh = Swift.min(limit, pointee.outputHigh * 2)
      if let lane = pointee.holdsUp { lane.release() }
      if pointee.park == .output { unpark() }
    }
    watchPatience()
  }

  func closeForMemory(_ why: String) {
    pointee.worker.pointee.report(.clientClosed(id: pointee.id, why: why))
    close()
  }
}
