import RESP
import Reactor

// From a session to its upstream.
extension UnsafeMutablePointer where Pointee == Client {
  /// Sends a request to the session's upstream. False: it has to wait.
  /// - Parameter isKept: whether it may be sent again on another upstream if it provably was not executed.
  func send(
    _ request: UnsafeRawBufferPointer, _ what: Awaited, _ session: Session, isKept: Bool = true
  ) -> Bool {
    guard let lane = upstream(of: session, for: what),
      lane.pointee.node.pointee.isPrimary || lane.pointee.isHandedOver || what.isHarmless
    else {
      return refuse(what, session, request.count)
    }
    let mayKeep = isKept && session.state.keptBytes + request.count <= Limits.keptSessionBytes
    session.state.await(what, at: lane.pointee.streamQueued, request: mayKeep ? Array(request) : [])
    lane.appendStreamed(request)
    countSent(on: lane, session)
    parkIfFull(lane)
    return true
  }

  func send(_ words: [String], _ what: Awaited, _ session: Session) -> Bool {
    var bytes: [UInt8] = []
    RequestWriter.append(words.map { Array($0.utf8) }, to: &bytes)
    return bytes.withUnsafeBytes { send($0, what, session) }
  }

  func countSent(on lane: LaneRef, _ session: Session) {
    session.inFlight += 1
    lane.pointee.node.pointee.outstanding += 1
    lane.pointee.node.pointee.traffic.requests[.session] += 1
    pointee.lane = lane
    pointee.outstanding += 1
  }

  func sendOurs(_ words: [String], _ what: Awaited, _ session: Session) {
    var bytes: [UInt8] = []
    RequestWriter.append(words.map { Array($0.utf8) }, to: &bytes)
    sendOurs(bytes, what, session)
  }

  func sendOurs(_ bytes: [UInt8], _ what: Awaited, _ session: Session) {
    guard let lane = session.lane else { return }
    session.state.await(what, at: lane.pointee.streamQueued)
    bytes.withUnsafeBytes { lane.appendStreamed($0) }
  }

  /// There is no upstream to send it to. False: it waits for one, or until it is known what it means.
  /// - Parameter length: that of the request.
  func refuse(_ what: Awaited, _ session: Session, _ length: Int) -> Bool {
    if session.lane == nil, session.state.needsUpstream {
      switch what {
      case .subscribe, .unsubscribe, .repeatable:
        // It waits together with the subscriptions that are to be taken up again.
        session.state.await(what, at: 0)
        pointee.outstanding += 1
        return true
      default: break
      }
    }
    let worker = pointee.worker
    let isFull = isFull(session, isShort: what.isBrief)
    // What is to interrupt a script must not wait for its end.
    if session.lane != nil || !isFull, what != .interruption, hold(length) { return false }
    guard session.state.isModeProven else {
      park(.order)
      return false
    }
    if what == .exec, session.lane != nil, session.state.isInTransaction {
      return send(["DISCARD"], .discardForExec(SessionWords.execAborted), session)
    }
    let refusal =
      isFull ? .noUpstreamLeft(worker.pointee.settings.limits.maxPinned) : worker.whyUnserved(pointee.set)
    if what == .multi, !session.state.isInTransaction {
      // An error would be overheard by clients that send all of a transaction at once, and the rest of it executed.
      session.state.abortFromTheStart()
      session.abortReason = refusal.reason
      say(SessionWords.ok, session)
      return true
    }
    session.state.refuseInTransaction()
    say(refusal.bytes, session)
    return true
  }

  /// Whether the session has no upstream because all that may be lent are.
  /// - Parameter isShort: as ``isLentOut(isShort:)`` takes it.
  func isFull(_ session: Session, isShort: Bool = false) -> Bool {
    session.lane == nil && pointee.worker.pointee.primary != nil && pointee.worker.isLentOut(isShort: isShort)
  }

  /// The session's upstream, lent from the primary's if it has none.
  func upstream(of session: Session, for what: Awaited? = nil) -> LaneRef? {
    if let lane = session.lane { return lane }
    let worker = pointee.worker
    var set = pointee.set
    var node = worker.pointee.primary.map { worker.pointee.nodes[$0] }
    if what == .interruption {
      // What is to be interrupted may be why it does not count as the primary at the moment; and it refuses SELECT, which
      // nothing else misses if nothing else comes to this upstream.
      node = node ?? worker.pointee.nodes.first { $0.pointee.isLastPrimary }
      if session.state.isClean {
        set = worker.laneSet(
          database: 0, protocolVersion: set.pointee.protocolVersion, identity: set.pointee.identity)
      }
    }
    guard let node, let lane = worker.lend(set, node, to: self, isShort: what?.isBrief ?? false) else { return nil }
    if session.isWaiting { stopWaiting(session) }
    session.lane = lane
    lane.pointee.session = session
    lane.pointee.streamQueued = 0
    session.state.changeUpstream(isRESP3: pointee.set.pointee.protocolVersion == 3)
    let waiting = session.state.takeQueue()
    if lane.pointee.upstreamID == 0 { sendOurs(["CLIENT", "ID"], .identity, session) }
    let isRedirected = session.state.redirection != nil
    for mode in session.state.modes where mode.mode != .tracking || !isRedirected {
      if let request = mode.request { sendOurs(request, .repeated, session) }
    }
    renewSubscriptions(session)
    for request in session.state.script ?? [] { sendOurs(request, .repeated, session) }
    for reply in waiting { resend(reply, session, lane) }
    if isRedirected { redirectAgain(session) }
    return lane
  }

  private func renewSubscriptions(_ session: Session) {
    var count = 0
    for (channels, word) in [(Channels.named, "SUBSCRIBE"), (.patterns, "PSUBSCRIBE"), (.shards, "SSUBSCRIBE")] {
      let names = Array(session.state.subscriptions[channels])
      count += names.count
      for start in stride(from: 0, to: names.count, by: 1024) {
        let part = names[start..<Swift.min(start + 1024, names.count)]
        var bytes: [UInt8] = []
        RequestWriter.append([Array(word.utf8)] + part, to: &bytes)
        sendOurs(bytes, .renewal(channels, part.count), session)
      }
    }
    guard count > 0, let lane = session.lane else { return }
    let worker = pointee.worker
    worker.pointee.counters.resubscriptions += 1
    worker.pointee.report(.resubscribed(lane.pointee.node.pointee.name, channels: count))
  }

  /// Puts what has waited for this upstream behind what takes up the session.
  private func resend(_ reply: AwaitedReply, _ session: Session, _ lane: LaneRef) {
    var bytes: [UInt8] = []
    func write(_ word: String, _ channels: Channels, _ names: ArraySlice<[UInt8]>) {
      let prefix = channels == .named ? "" : channels == .patterns ? "P" : "S"
      RequestWriter.append([Array((prefix + word).utf8)] + names, to: &bytes)
    }
    switch reply.what {
    case .subscribe(let channels, let names): write("SUBSCRIBE", channels, names)
    case .unsubscribe(let channels, let names): write("UNSUBSCRIBE", channels, names)
    case .repeatable(let request): bytes = request
    case .blocking:
      let waited = pointee.worker.pointee.loop.now - session.blockedSince
      bytes = BlockingTimeout.shortened(reply.request, by: waited)
    default: bytes = reply.request
    }
    var again = reply
    again.start = lane.pointee.streamQueued
    session.state.putBack(again)
    guard !bytes.isEmpty else { return }
    bytes.withUnsafeBytes { lane.appendStreamed($0) }
    session.inFlight += 1
    lane.pointee.node.pointee.outstanding += 1
    pointee.lane = lane
  }
}
