import Commands
import RESP
import Reactor

/// A request that blocks on an upstream that was handed over: the server has been asked to end it as if its time were over.
struct Unblocking {
  let since: Double
  /// The request, when it has no end of its own: it is asked again elsewhere.
  let request: [UInt8]?
  /// The server has ended it, and nothing was given for it.
  var isFreed = false
  var isMuted = false
}

// A session whose upstream was handed over: a transaction, watched keys and a request that blocks are finished where they
// began; everything else goes on elsewhere as soon as nothing is awaited.
extension UnsafeMutablePointer where Pointee == Client {
  /// Called before a request is sent. False: whether it belongs to what was begun is not known yet, and it has to wait.
  func leaveHandedOver(_ session: Session) -> Bool {
    guard let lane = session.lane, lane.pointee.isHandedOver, !session.state.isOpaque else { return true }
    if isQuiet(session, lane) {
      leaveUpstream(session)
      return true
    }
    let state = session.state
    if state.queue.isEmpty { return true }
    return state.isModeProven && (state.isInTransaction || state.watch == .keys)
  }

  /// Called when replies have come, and now and then: goes on elsewhere if nothing holds the session where it is.
  func goOnElsewhere(_ session: Session) {
    guard let lane = session.lane, !session.isOver, !pointee.isClosed else { return }
    if let freed = session.unblocking, freed.isFreed, lane.pointee.partial.isEmpty {
      leaveUpstream(session)
      return blockAnew(freed, session)
    }
    if !session.state.isClean, isQuiet(session, lane) { leaveUpstream(session) }
  }

  /// Whether the server holds nothing that another cannot be told as well, and nothing is under way.
  private func isQuiet(_ session: Session, _ lane: LaneRef) -> Bool {
    let state = session.state
    guard case .none = pointee.stream else { return false }
    return state.queue.isEmpty && state.transaction == .none && state.watch == .none && !state.isOpaque
      && session.unblocking == nil && lane.pointee.partial.isEmpty && !lane.pointee.isReplyStarted
      && lane.pointee.streamUnsent == 0 && lane.pointee.heldUpBy == nil
  }

  /// Leaves the upstream, and takes up what the session is subscribed to on another.
  private func leaveUpstream(_ session: Session) {
    guard let lane = session.lane else { return }
    let worker = pointee.worker
    lane.pointee.session = nil
    session.lane = nil
    session.streamed = nil
    session.dropsStream = false
    pointee.lane = nil
    lane.close()
    if session.state.tracks { invalidateEverything(session) }
    // What has waited to know where it belongs need not be owed a reply to go on.
    reconsider()
    guard session.state.needsUpstream, upstream(of: session) == nil else { return }
    worker.pointee.adrift.append(session)
    worker.keepTime()
  }

  /// Asks what was unblocked again, on the upstream that it has from now on.
  private func blockAnew(_ freed: Unblocking, _ session: Session) {
    session.unblocking = nil
    guard let request = freed.request else { return }
    guard let lane = upstream(of: session) else {
      if !freed.isMuted { say(pointee.worker.primaryRefusal.bytes) }
      return settle(1)
    }
    session.state.putBack(
      AwaitedReply(what: .blocking(isRead: false), start: lane.pointee.streamQueued, isMuted: freed.isMuted))
    request.withUnsafeBytes { lane.appendStreamed($0) }
    session.inFlight += 1
    lane.pointee.node.pointee.outstanding += 1
    pointee.lane = lane
  }

  /// The request, if it blocks for ever: a time of 0, which stands behind BLOCK, behind the keys, or before their number.
  func endless(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> [UInt8]? {
    guard request.count <= Limits.largeRequest else { return nil }
    let words = arguments(of: request)
    func isZero(_ word: [UInt8]?) -> Bool { word.flatMap { Double(String(decoding: $0, as: UTF8.self)) } == 0 }
    let isEndless: Bool
    if spec.handling == .pinnedIfBlocking {
      let option = words.firstIndex { String(decoding: $0, as: UTF8.self).lowercased() == "block" }
      isEndless = option.map { $0 + 1 < words.count && isZero(words[$0 + 1]) } ?? false
    } else if spec.keyRange(argumentCount: words.count).first == 1 {
      isEndless = isZero(words.last)
    } else {
      isEndless = words.count > 1 && isZero(words[1])
    }
    return isEndless ? Array(request) : nil
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// Each tick: sees to a session on an upstream that was handed over. Says whether time still matters to it.
  func checkHandover(of session: Session, now: Double) -> Bool {
    guard pointee.isHandedOver else { return false }
    let (client, worker) = (session.client, pointee.worker)
    if worker.pointee.movesLeft > 0 {
      worker.pointee.movesLeft -= 1
      // What was pushed already is the client's.
      if session.state.isFeed, pointee.state == .ready, pointee.heldUpBy == nil { readable() }
      if pointee.state != .closed, pointee.session === session { client.goOnElsewhere(session) }
    }
    guard pointee.state != .closed, pointee.session === session else { return false }
    let state = session.state
    if now >= pointee.handedOverUntil {
      if state.isBlocked, pointee.streamUnsent == 0 {
        unblock(session, now: now)
        return true
      }
      if state.isOpaque || state.queue.isEmpty && !pointee.isStreamOpen {
        end("it was given up by a reload, and reload.drain is over", blaming: false)
        return false
      }
    }
    let isMeantToBe = state.queue.isEmpty || state.isBlocked && pointee.streamUnsent == 0
    if !isMeantToBe, now - pointee.lastProgress > worker.pointee.settings.limits.upstreamTimeout * Limits.patience {
      fail("silent for \(Int((now - pointee.lastProgress) * 1000)) ms with requests waiting")
    }
    return true
  }

  /// Asks the server to end the request that blocks: whether anything is given for it is then the server's word.
  private func unblock(_ session: Session, now: Double) {
    if let unblocking = session.unblocking {
      let patience = pointee.worker.pointee.settings.limits.upstreamTimeout * Limits.patience
      if now - unblocking.since > patience { end("it does not end a request that blocks", blaming: false) }
      return
    }
    session.unblocking = Unblocking(since: now, request: session.endless)
    guard pointee.upstreamID > 0 else { return }
    pointee.worker.tellServer(of: self, ["CLIENT", "UNBLOCK", String(pointee.upstreamID)])
  }

  /// A request that was to be unblocked is answered.
  func takeUnblocked(_ reply: UnsafeRawBufferPointer, _ outcome: inout SessionState.Outcome, _ session: Session) {
    guard outcome.settled == 1 else { return }
    guard SessionWords.isNothing(reply), session.unblocking?.request != nil else {
      session.unblocking = nil
      return
    }
    session.unblocking?.isFreed = true
    session.unblocking?.isMuted = outcome.delivery == .drop
    outcome.delivery = .drop
    outcome.settled = 0
    session.inFlight -= 1
    pointee.node.pointee.outstanding -= 1
  }
}
