import RESP
import Reactor

// An upstream that is one client's own, and its replies.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Hands out what has come; gives back how many bytes are done with.
  func handOut(to session: Session, _ bytes: UnsafeRawBufferPointer) -> Int {
    let client = session.client
    if session.hasWrittenToFeed { client.enterFeedWrites() }
    var at = 0
    // What is to be passed on, from here to `at`.
    var start = 0
    func pass(to end: Int) {
      if end > start { client.deliver(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) }
      start = end
    }
    while at < bytes.count {
      if client.pointee.output.count >= client.pointee.outputHigh, !session.state.isFeed, !client.pointee.isClosed {
        pass(to: at)
        holdUp(for: client)
        return at
      }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
      switch pointee.scanner.scan(rest, dropped: pointee.passedOn) {
      case .complete:
        let length = pointee.scanner.position - pointee.passedOn
        let mayWrite = session.state.queue.first?.what.mayWrite ?? false
        let reply = UnsafeRawBufferPointer(rebasing: rest[..<length])
        if pointee.passedOn == 0, pointee.scanner.kind == UInt8(ascii: "-"), refuses(session, reply) {
          pass(to: at)
          end("it does not take writes: \(ReplyError(reply: reply))", blaming: false)
          return bytes.count
        }
        if mayWrite, isDoubtful, pointee.passedOn == 0, !session.state.isBlocked,
          pointee.scanner.kind != UInt8(ascii: "-"), !reply.elementsEqual(SessionWords.queued)
        {
          pass(to: at)
          pointee.scanner.reset()
          freeze()
          return pointee.state == .closed ? bytes.count : at
        }
        if session.unblockedBy != nil, pointee.passedOn == 0, endsWithLastWord(session, reply) {
          return bytes.count
        }
        if pointee.passedOn == 0, endsAbandoned(session, reply) {
          pass(to: at)
          client.close()
          return bytes.count
        }
        let isUnblocked = session.unblocking != nil && session.state.isBlocked
        var outcome = receive(session, reply)
        if isUnblocked { takeUnblocked(reply, &outcome, session) }
        if mayWrite, outcome.settled > 0 { client.enterWrites(of: session, reply) }
        if outcome.isUnexpected {
          pass(to: at)
          fail("it sent a reply that nobody asked for")
          return bytes.count
        }
        if outcome.delivery != .pass {
          pass(to: at)
          start = at + length
        }
        at += length
        if case .replace(let own) = outcome.delivery { own.withUnsafeBytes { client.deliver($0) } }
        if case .local = session.state.queue.first?.what { pass(to: at) }
        perform(outcome, session)
      case .needMore:
        let used = passOnUnfinished(session, rest)
        if session.dropsStream {
          pass(to: at)
          start = at + used
        }
        pass(to: at + used)
        checkFeed(session)
        return at + used
      case .malformed, .inline:
        pass(to: at)
        fail("its reply is malformed: \(pointee.scanner.error?.message ?? "")")
        return bytes.count
      }
    }
    pass(to: at)
    checkFeed(session)
    return at
  }

  /// A whole reply, or the last piece of a long one.
  private func receive(_ session: Session, _ reply: UnsafeRawBufferPointer) -> SessionState.Outcome {
    let kind = pointee.scanner.kind
    pointee.scanner.reset()
    pointee.passedOn = 0
    pointee.isReplyStarted = false
    session.dropsStream = false
    guard let streamed = session.streamed else { return session.state.receive(reply, kind: kind) }
    session.streamed = nil
    return streamed.withUnsafeBytes { session.state.receive($0, kind: kind) }
  }

  private func perform(_ outcome: SessionState.Outcome, _ session: Session) {
    let client = session.client
    if let id = outcome.upstreamID { learn(id, session) }
    if outcome.isRedirected { client.invalidateEverything(session) }
    if let effects = outcome.effects {
      client.take(effects)
      if let change = effects.pause { pointee.worker.announce(.pause(change, at: pointee.node.pointee.name)) }
    }
    if outcome.settled > 0 {
      if client.pointee.readWatcher.isUrgent, !session.state.isBlocked {
        client.pointee.readWatcher.setUrgent(false, on: pointee.worker.pointee.loop)
      }
      let answered = Swift.min(session.inFlight, Int(outcome.settled))
      session.inFlight -= answered
      pointee.node.pointee.outstanding -= answered
      if session.timed > 0 {
        session.timed -= answered
        if session.timed <= 0 { endTiming(.session) }
      }
      client.settle(outcome.settled)
    }
    if outcome.isReset { client.resetToDefaults() }
    while let local = session.state.takeLocal() {
      if case .local(let bytes) = local.what, !local.isMuted { bytes.withUnsafeBytes { client.deliver($0) } }
      client.settle(1)
    }
  }

  /// An unfinished reply: a small one waits to be whole, a long one is passed on as far as it is here. Gives back how
  /// many of its bytes are done with.
  private func passOnUnfinished(_ session: Session, _ reply: UnsafeRawBufferPointer) -> Int {
    let scanned = pointee.scanner.position
    if !pointee.isReplyStarted {
      let isLong = pointee.scanner.pendingBulk > Limits.streamedReply || scanned > Limits.streamedReply
      // A name in a confirmation is remembered, so it must be whole.
      guard isLong, !(session.state.queue.first?.what.needsWholeReply ?? false) else { return 0 }
      pointee.isReplyStarted = true
      session.streamed = Array(reply.prefix(64))
      session.dropsStream = !session.state.wants(reply, kind: pointee.scanner.kind)
    }
    let ready = scanned - pointee.passedOn
    pointee.passedOn = scanned
    return ready
  }

  /// A feed cannot be made to come slowly, so a client that does not read it is closed, as redis-server does.
  private func checkFeed(_ session: Session) {
    let client = session.client
    guard session.state.isFeed, !client.pointee.isClosed,
      client.pointee.output.count > pointee.worker.pointee.settings.limits.clientOutput
    else { return }
    client.closeForMemory("it does not read what is pushed to it; more than limits.client-output waits for it")
  }

  /// After the replies of a turn.
  func finishReading(of session: Session) {
    let client = session.client
    guard !client.pointee.isClosed else { return }
    if pointee.isHandedOver {
      client.goOnElsewhere(session)
      client.reconsider()
    }
    if session.unblockedBy != nil, session.state.queue.isEmpty {
      return end("\(pointee.node.pointee.name) is not the primary any more", blaming: false)
    }
    if session.mustRedirect { client.redirectAgain(session) }
    client.endSessionIfClean(session)
    client.goOnAfterHold()
  }

  /// The connection has ended while it was a session's.
  func lose(_ session: Session, _ why: String) {
    let client = session.client
    let worker = pointee.worker
    let node = pointee.node
    pointee.session = nil
    session.lane = nil
    node.pointee.outstanding -= session.inFlight
    session.inFlight = 0
    client.pointee.lane = nil
    session.streamed = nil
    session.dropsStream = false
    let unblocking = session.unblocking
    session.unblocking = nil
    // Half a reply, or a feed that nobody can take up where it ended.
    if pointee.isReplyStarted || client.pointee.isClosed { return client.close() }
    if session.state.isOpaque { return client.endAfterFeed() }
    let refused = worker.pointee.nodes.firstIndex(of: node).flatMap { worker.refusal(of: pointee.set, by: $0) }
    let words = { (fate: SessionState.Fate) -> [UInt8] in
      switch fate {
      case .unknown: ProxyRefusal.unknownFate(node.pointee.name, why).bytes
      case .readLost: ProxyRefusal.readLost(node.pointee.name, why).bytes
      case .notExecuted: (refused ?? .notExecuted(node.pointee.name, why)).bytes
      case .ok: SessionWords.ok
      case .said(let bytes): bytes
      case .reset: SessionWords.reset
      }
    }
    if let unblocking, unblocking.isFreed {
      // It was ended with nothing given, and was to be asked again; its client still waits for one reply.
      if !unblocking.isMuted { client.say(words(.notExecuted)) }
      client.settle(1)
    }
    let total = pointee.isStreamOpen ? Int.max : pointee.streamQueued
    let answers = session.state.lose(
      sentUpTo: pointee.streamQueued - pointee.streamUnsent, of: total, isHeadRefused: session.isHeadRefused,
      mayRepeat: refused == nil && worker.mayHold && !client.pointee.isFinishing && !pointee.isHandedOver, render: words
    )
    session.isHeadRefused = false
    session.unblockedBy = nil
    session.abortReason = "lost \(node.pointee.name): \(why)"
    if answers.contains(where: { $0.fate == .unknown }) { worker.enterLost(session.writes) }
    for answer in answers {
      if answer.fate == .unknown { worker.pointee.counters.unknownFates += 1 }
      if answer.fate == .reset { client.resetToDefaults() }
      if !answer.isMuted { client.say(words(answer.fate)) }
    }
    if !answers.isEmpty || !session.state.isClean {
      worker.pointee.report(.upstreamLost(node.pointee.name, why: why))
    }
    if session.state.tracks { client.invalidateEverything(session) }
    client.endSessionIfClean(session)
    if session.state.needsUpstream, !session.isOver, refused != nil {
      // The server keeps no connection of a user that it does not take.
      client.close()
    } else if session.state.needsUpstream, !session.isOver {
      worker.pointee.adrift.append(session)
      client.waitForUpstream(session)
      worker.keepTime()
    }
    client.settle(Int32(answers.count))
    client.goOnAfterHold()
  }

  /// Judges the silence of a session's upstream; says whether time still matters to it.
  func checkDeadline(of session: Session, now: Double) -> Bool {
    let client = session.client
    // One that is only asked to end, as the ambassador does, still hears what becomes of it.
    if session.isAbandoned || session.state.isBlocked && client.hasGoneUnread() { client.abandonBlocked() }
    if client.pointee.isFinishing || session.isAbandoned, client.endsBlocked() {
      client.close()
      return false
    }
    if pointee.heldUpBy != nil || pointee.isStreamOpen && pointee.streamUnsent == 0 {
      pointee.lastProgress = now
      return true
    }
    if pointee.isHandedOver { return checkHandover(of: session, now: now) }
    if let end = session.unblockedBy, now > end {
      self.end("\(pointee.node.pointee.name) is not the primary any more", blaming: false)
      return false
    }
    guard !session.state.queue.isEmpty || pointee.streamUnsent > 0 else { return false }
    let isMeantToBe = session.state.isBlocked && pointee.streamUnsent == 0
    // What was asked to wait does, for as long as discovery finds the node well.
    if isMeantToBe, pointee.node.pointee.isPrimary {
      return client.pointee.isFinishing || !client.pointee.readWatcher.isArmed
    }
    let silence = now - pointee.lastProgress
    if silence > pointee.worker.pointee.settings.limits.upstreamTimeout * Limits.patience {
      fail("silent for \(Int(silence * 1000)) ms with requests waiting")
    }
    return true
  }
}
