import Commands
import RESP
import Reactor

// From the node's socket to the clients that wait, in the order of their requests.
extension UnsafeMutablePointer where Pointee == Lane {
  /// Takes what the socket has, once, and hands out the replies in it.
  func readable() {
    guard pointee.state != .closed else { return }
    let worker = pointee.worker
    if pointee.partial.isEmpty {
      let scratch = worker.pointee.scratch
      switch Gate.receive(pointee.fd, into: scratch, atMost: Limits.readChunk) {
      case .moved(let count):
        let used = take(UnsafeRawBufferPointer(start: scratch, count: count))
        if used < count, pointee.state != .closed {
          pointee.partial.append(UnsafeRawBufferPointer(start: scratch + used, count: count - used))
        }
      case .wouldBlock: return
      case .endOfStream: return fail("it closed the connection")
      case .failed(let error): return fail(error.description)
      }
    } else {
      let room = pointee.partial.reserve(Swift.max(16 << 10, Swift.min(pointee.scanner.pendingBulk, Limits.readChunk)))
      switch Gate.receive(pointee.fd, into: room, atMost: Swift.min(pointee.partial.room, Limits.readChunk)) {
      case .moved(let count):
        pointee.partial.commit(count)
        takePartial()
      case .wouldBlock: return
      case .endOfStream: return fail("it closed the connection")
      case .failed(let error): return fail(error.description)
      }
    }
    if pointee.state != .closed { finishReading() }
  }

  /// Hands out what was kept while nothing was read.
  func goOnReading() {
    if !pointee.partial.isEmpty { takePartial() }
    if pointee.state != .closed { finishReading() }
  }

  private func takePartial() {
    let used = take(pointee.partial.bytes)
    guard pointee.state != .closed else { return }
    pointee.partial.consume(used)
    pointee.partial.shrinkIfEmpty(above: 0)
  }

  private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    let now = pointee.worker.pointee.loop.now
    if now - pointee.lastProgress > Limits.slowRequest { noteSlow(now) }
    pointee.lastProgress = now
    if pointee.isSuspect {
      pointee.isSuspect = false
      markDirty()
    }
    var used = 0
    if pointee.state == .greeting {
      used = greet(bytes)
      if pointee.state != .ready { return used }
    }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[used...])
    if let session = pointee.session { return used + handOut(to: session, rest) }
    return used + handOut(rest)
  }

  @inline(__always)
  private func flushRun(_ run: inout ReplyRun, _ bytes: UnsafeRawBufferPointer, _ end: Int) {
    guard let client = run.client else { return }
    if end > run.start { client.deliver(UnsafeRawBufferPointer(rebasing: bytes[run.start..<end])) }
    if run.settled > 0 { client.settle(run.settled) }
    run.client = nil
    run.settled = 0
  }

  /// Hands out whole replies, and big ones as they come; gives back how many bytes are done with.
  private func handOut(_ bytes: UnsafeRawBufferPointer) -> Int {
    var run = ReplyRun()
    var at = 0
    let isDoubtful = isDoubtful
    while at < bytes.count {
      guard let head = pointee.pending.first, head.pointee.kind != .local else {
        flushRun(&run, bytes, at)
        if deliverLocalReplies() { continue }
        // Nobody has asked: a RESP3 push is for nobody here, anything else is an error.
        switch pointee.scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[at...])) {
        case .needMore where pointee.scanner.kind == UInt8(ascii: ">") || pointee.scanner.kind == 0: return at
        case .complete where pointee.scanner.kind == UInt8(ascii: ">"):
          at += pointee.scanner.position
          pointee.scanner.reset()
          continue
        default:
          fail("it sent a reply that nobody asked for")
          return bytes.count
        }
      }
      let client = head.pointee.client
      if client != run.client || client == nil {
        flushRun(&run, bytes, at)
        if head.pointee.kind.isOurs {
          let used = handOutProbe(head, UnsafeRawBufferPointer(rebasing: bytes[at...]))
          guard used > 0 else { return pointee.state == .closed ? bytes.count : at }
          at += used
          continue
        }
        run.client = client
        run.start = at
        run.settled = 0
        run.isHeld = client?.isBehindHeld ?? false || pointee.refusesUntil != nil
        if let client, !client.pointee.output.isEmpty, client.pointee.output.count >= client.pointee.outputHigh,
          !client.pointee.isClosed
        {
          // It does not read: take no more for it.
          run.client = nil
          holdUp(for: client)
          return at
        }
      }
      switch pointee.scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[at...]), dropped: pointee.passedOn) {
      case .complete:
        if pointee.scanner.kind == UInt8(ascii: ">") {
          flushRun(&run, bytes, at)
          at += pointee.scanner.position - pointee.passedOn
        } else if isDoubtful, acknowledges(head) {
          flushRun(&run, bytes, at)
          pointee.scanner.reset()
          freeze()
          return pointee.state == .closed ? bytes.count : at
        } else if pointee.scanner.kind == UInt8(ascii: "-") || run.isHeld, pointee.passedOn == 0 || run.isHeld,
          let client,
          takesBack(
            head, client,
            UnsafeRawBufferPointer(rebasing: bytes[at..<at + pointee.scanner.position - pointee.passedOn]))
        {
          flushRun(&run, bytes, at)
          at += pointee.scanner.position - pointee.passedOn
          settleHead(head)
          client.settle(1)
          run.client = nil
        } else {
          at += pointee.scanner.position - pointee.passedOn
          if pointee.scanner.position > Limits.bigReply { client?.pointee.bigReplies = Limits.bigReplyMemory }
          pointee.isReplyStarted = false
          run.settled += 1
          settleHead(head)
        }
        pointee.passedOn = 0
        pointee.scanner.reset()
      case .needMore where run.isHeld:
        // Whatever it is, it is not passed on now. A read is asked again, so nobody needs to keep what it says here.
        flushRun(&run, bytes, at)
        guard head.pointee.kind == .read else { return at }
        let seen = pointee.scanner.position - pointee.passedOn
        pointee.passedOn = pointee.scanner.position
        return at + seen
      case .needMore:
        return at + passOnUnfinished(&run, bytes, at)
      case .malformed, .inline:
        flushRun(&run, bytes, at)
        fail("its reply is malformed: \(pointee.scanner.error?.message ?? "")")
        return bytes.count
      }
    }
    flushRun(&run, bytes, at)
    _ = deliverLocalReplies()
    return at
  }

  /// Whether the reply that was just scanned says that a write was executed.
  private func acknowledges(_ head: UnsafeMutablePointer<Pending>) -> Bool {
    (head.pointee.kind == .write || head.pointee.kind == .streamedWrite) && head.pointee.client != nil
      && pointee.passedOn == 0 && pointee.scanner.kind != UInt8(ascii: "-")
  }

  /// Whether the reply at the head is not its client's: the request was provably not executed and is asked again, or the
  /// reply has to wait behind one that is.
  @inline(never)
  private func takesBack(
    _ head: UnsafeMutablePointer<Pending>, _ client: ClientRef, _ reply: UnsafeRawBufferPointer
  ) -> Bool {
    let isRead = head.pointee.kind == .read
    guard isRead || head.pointee.kind == .write, !client.pointee.isClosed else { return false }
    let isHeld = client.isBehindHeld
    let error = ReplyError(reply: reply)
    if error == .noScript {
      pointee.worker.pointee.scriptsAreMissedUntil = pointee.worker.pointee.loop.now + RequestMemory.lifetime
    }
    let isRefused = isRefusal(error, reply, of: head)
    guard isHeld || isRefused || pointee.refusesUntil != nil else { return false }
    let requests = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes.prefix(Int(head.pointee.bytes)))
    guard let request = requests.request(at: head.pointee.done) else { return false }
    if pointee.refusesUntil != nil, !isRefused, !isRead {
      if pointee.worker.spec(of: request).flags.contains(.readonly) {
        client.takeBack(Array(request), isRead: false, needsPrimary: true)
      } else {
        giveUnknown(client)
      }
      return true
    }
    if isRefused || isRead {
      if isRefused, error == .noScript { noteAbsence(of: request) }
      client.takeBack(
        Array(request), isRead: isRead,
        needsPrimary: !isRead || pointee.node.pointee.isPrimary
          || isRefused && (error == .noScript || error == .notPermitted || error == .readOnly),
        // Counted only where it matters: see `mayBeForged`.
        attempts: isRefused && !isRead && pointee.worker.spec(of: request).runsCode ? head.pointee.attempts + 1 : 0)
    } else {
      client.pointee.held?.append(.reply(Array(reply)))
    }
    return true
  }

  /// Whether an error says that this node does not do now what another, or the same a little later, will do.
  private func isRefusal(
    _ error: ReplyError, _ reply: UnsafeRawBufferPointer, of head: UnsafeMutablePointer<Pending>
  ) -> Bool {
    let worker = pointee.worker
    let now = worker.pointee.loop.now
    if head.pointee.kind == .read && !pointee.node.pointee.isPrimary {
      guard head.pointee.attempts < Limits.attempts else { return false }
      switch error {
      case .noScript:
        // Scripts are not replicated, so the primary may have it. Without one, the client's answer to this is better than
        // none: it sends the script.
        return worker.primaryLane(pointee.set) != nil
      case .notPermitted, .readOnly:
        // Users are not replicated either: it is the primary that a client believes it talks to. And that has other words
        // for a script that may write and is called in the read-only form.
        return worker.primaryLane(pointee.set) != nil
      case .busy: break
      // What it had, it may have no more: a failed load leaves nothing.
      case .loading, .masterDown: pointee.coverage.void()
      // A script that only reads may have started.
      case .other where reply.starts(with: "-MASTERDOWN ".utf8): break
      default: return false
      }
      let mayAskPrimary = worker.pointee.primary != nil && head.pointee.client?.pointee.rules.policy != .replica
      guard mayAskPrimary || worker.pointee.fitReplicas.count > 1 else { return false }
      pointee.node.pointee.shunnedUntil = now + Limits.replicaPause
      pointee.set.pointee.forget(self)
      return true
    }
    switch error {
    case .readOnly where head.pointee.kind == .write, .loading, .masterDown: break
    case .noReplicas where worker.hasYetToFindReplicas: break
    case .other where head.pointee.kind == .write && ReplyError.isReadOnlyInScript(reply) && worker.mayHold:
      // Its client is told so; others need not run into it.
      if pointee.node.pointee.isPrimary { worker.pausePrimary("\(ReplyError.readOnly)") }
      return false
    default: return false
    }
    guard worker.mayHold, !mayBeForged(head) else { return false }
    if pointee.node.pointee.isPrimary { worker.pausePrimary("\(error)") }
    return true
  }

  /// Whether a refused write is a script that was refused before, and the node is still believed to be the primary: then the
  /// words may be the script's own, and each time that it is asked it may do again what it did before it said them.
  private func mayBeForged(_ head: UnsafeMutablePointer<Pending>) -> Bool {
    head.pointee.kind == .write && head.pointee.attempts >= Limits.refusalsOfScripts && pointee.node.pointee.isPrimary
  }

  /// The next request for the same script goes to the primary at once.
  private func noteAbsence(of request: UnsafeRawBufferPointer) {
    guard let name = RequestArguments(request).dropFirst().first(where: { _ in true }) else { return }
    let worker = pointee.worker
    worker.pointee.absentScripts.remember(
      UnsafeRawBufferPointer(rebasing: request[name.offset..<name.end]), now: worker.pointee.loop.now)
  }

  /// A request of ours is at the head: gives back how many bytes its answer, or a push in front of it, has taken; 0 for
  /// none yet.
  private func handOutProbe(_ head: UnsafeMutablePointer<Pending>, _ bytes: UnsafeRawBufferPointer) -> Int {
    switch pointee.scanner.scan(bytes) {
    case .complete:
      let length = pointee.scanner.position
      let isPush = pointee.scanner.kind == UInt8(ascii: ">")
      pointee.scanner.reset()
      if isPush { return length }
      let (kind, attempts, client) = (head.pointee.kind, head.pointee.attempts, head.pointee.client)
      settleHead(head)
      let reply = UnsafeRawBufferPointer(rebasing: bytes[..<length])
      if kind == .probe { takeProbe(reply, isProof: attempts == 1) }
      if kind == .authentication { takeAuthentication(reply) }
      if kind == .permission, let client { client.takePermission(LocalCommand(rawValue: attempts), reply) }
      return length
    case .needMore: return 0
    case .malformed, .inline:
      fail("its reply is malformed: \(pointee.scanner.error?.message ?? "")")
      return 0
    }
  }

  /// One reply of the run at the head has come.
  @inline(__always)
  private func settleHead(_ head: UnsafeMutablePointer<Pending>) {
    head.pointee.done += 1
    pointee.node.pointee.outstanding -= 1
    if head.pointee.done == head.pointee.count {
      if head.pointee.isTimed { endTiming(head.pointee.kind == .read ? .read : .write) }
      let bytes = Int(head.pointee.bytes)
      if head.pointee.isEnteredLate { enterLate() }
      pointee.requests.consume(bytes)
      pointee.sent -= bytes
      pointee.pending.removeFirst()
      if pointee.window != Int32.max { widenWindow() }
    }
  }

  /// An unfinished reply at `bytes[at...]`: a small one waits to be whole, a big one is passed on as far as it is here.
  private func passOnUnfinished(_ run: inout ReplyRun, _ bytes: UnsafeRawBufferPointer, _ at: Int) -> Int {
    let scanned = pointee.scanner.position
    let isBig =
      pointee.isReplyStarted || pointee.scanner.pendingBulk > Limits.streamedReply || scanned > Limits.streamedReply
    guard isBig, pointee.scanner.kind != UInt8(ascii: ">") else {
      flushRun(&run, bytes, at)
      return 0
    }
    let ready = scanned - pointee.passedOn
    let client = run.client
    flushRun(&run, bytes, at + ready)
    pointee.passedOn = scanned
    if !pointee.isReplyStarted {
      pointee.isReplyStarted = true
      rememberBigReply()
    }
    if let client, !client.pointee.isClosed {
      if scanned + pointee.scanner.pendingBulk > Limits.bigReply { stepAside(for: client) }
      if pointee.state != .closed, client.pointee.output.count >= client.pointee.outputHigh { holdUp(for: client) }
    }
    return ready
  }

  /// The reply at the head is too long to be kept: the next request like it shall not stand in anyone's way.
  private func rememberBigReply() {
    guard pointee.scanner.position + pointee.scanner.pendingBulk > Limits.bigReply,
      let head = pointee.pending.first, head.pointee.kind == .read
    else { return }
    let requests = UnsafeRawBufferPointer(rebasing: pointee.requests.bytes.prefix(Int(head.pointee.bytes)))
    guard let request = requests.request(at: head.pointee.done) else { return }
    let worker = pointee.worker
    worker.pointee.bigReplies.remember(request, now: worker.pointee.loop.now)
  }

  /// Gives the local replies at the head to their clients; says whether there were any.
  @discardableResult
  func deliverLocalReplies() -> Bool {
    var some = false
    while let head = pointee.pending.first, head.pointee.kind == .local {
      some = true
      let entry = head.pointee
      pointee.pending.removeFirst()
      if let client = entry.client {
        let bytes = UnsafeRawBufferPointer(rebasing: pointee.localReplies.bytes.prefix(Int(entry.bytes)))
        client.deliverInTurn(bytes)
        client.settle(Int32(entry.count))
      }
      pointee.localReplies.consume(Int(entry.bytes))
    }
    return some
  }

  /// After the replies of a turn: an own lane that owes nothing goes back.
  private func finishReading() {
    if let session = pointee.session { return finishReading(of: session) }
    // The rest of that one belongs to no entry any more, and nothing can be sent without it.
    if pointee.sent < 0 { return end("it answered a request before it had all of it", blaming: false) }
    if pointee.pending.isEmpty {
      if pointee.largeBytes > 0 { pointee.worker.pointee.largeBuffers.giveBack(&pointee.requests) }
      pointee.requests.shrinkIfEmpty(above: Limits.keptBuffer)
      pointee.localReplies.shrinkIfEmpty(above: 0)
      if pointee.isRetiring { return close() }
      if !pointee.isShared, !pointee.isStreamOpen, pointee.partial.isEmpty, pointee.state == .ready, pointee.isLent {
        pointee.worker.giveBack(self)
      }
    } else if !pointee.isShared {
      closeIfNobodyWaits()
    }
  }
}

/// Replies that are next to each other and for the same client: they are sent on in one piece.
struct ReplyRun {
  var client: ClientRef?
  var start = 0
  var settled: Int32 = 0
  /// Something of the client waits to be asked again: what comes for it now waits behind that.
  var isHeld = false
}
