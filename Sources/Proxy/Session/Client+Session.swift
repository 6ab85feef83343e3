import Commands
import RESP
import Reactor
import Routing

// Requests of a client that has an upstream of its own.
extension UnsafeMutablePointer where Pointee == Client {
  /// Deals with a command that needs an upstream of the client's own. False: it has to wait for replies from the present
  /// lane, and the client is parked.
  func beginSession(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    guard pointee.outstanding == 0 else {
      park(.order)
      return false
    }
    if let isTaken = pauses(spec, request.count) { return isTaken }
    let session = Session(client: self, isRESP3: pointee.set.pointee.protocolVersion == 3)
    pointee.session = session
    let isTaken = takeInSession(session, spec, request)
    endSessionIfClean(session)
    return isTaken
  }

  /// As `dispatch`, while there is a session.
  func dispatchInSession(_ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
    var at = 0
    while at < count, let session = pointee.session {
      if mustWait(in: session) {
        // Read on, so that its closing is noticed; but not without end.
        if count - at > Limits.laneBacklogHigh { park(.order) }
        return at
      }
      let progress = pointee.scanner.scan(
        UnsafeRawBufferPointer(start: base + at, count: count - at), dropped: pointee.streamed)
      switch progress {
      case .complete:
        let length = pointee.scanner.position - pointee.streamed
        if case .none = pointee.stream {
          let request = UnsafeRawBufferPointer(start: base + at, count: length)
          if pointee.scanner.argumentCount > 0 {
            guard leaveHandedOver(session) else {
              park(.order)
              return at
            }
            guard takeInSession(session, scannedSpec(base + at), request) else { return at }
          }
        } else {
          endStream(base + at, length)
        }
        pointee.scanner.reset()
        pointee.streamed = 0
        at += length
        endSessionIfClean(session)
      case .inline:
        let length = pointee.scanner.position
        guard runInline(UnsafeRawBufferPointer(start: base + at, count: length)) else { return at }
        at += length
      case .malformed:
        refuseSyntax()
        return count
      case .needMore:
        return at + passOnUnfinished(base + at, count - at)
      }
      if pointee.isFinishing { return count }
      if pointee.isClosed || pointee.park != .none { return at }
    }
    return at < count ? at + dispatch(base + at, count - at) : at
  }

  /// Whether what the client sends next is not even looked at: the answer to what is in flight decides what it means, or
  /// whether it may be done at all.
  func mustWait(in session: Session) -> Bool {
    session.state.isHolding || pointee.isBarred && !session.state.isModeProven
  }

  /// The command of the request that was scanned, as far as it was.
  func scannedSpec(_ request: UnsafePointer<UInt8>) -> CommandSpec {
    let name = pointee.scanner.name
    return lookupSubcommand(
      of: pointee.worker.lookup(UnsafeRawBufferPointer(start: request + name.offset, count: name.length)), request)
  }

  /// False: the answer to what is in flight decides what becomes of it, and the client is parked.
  private func takeInSession(_ session: Session, _ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    pointee.lastCommand = spec.id
    if pointee.isBarred, !isAllowedWhileBarred(spec) {
      refuseBarred(spec, request)
      return true
    }
    if spec.handling == .closeSilently {
      close()
      return true
    }
    if spec.local == .quit, !session.state.isOpaque {
      session.isMuted = session.state.takeMute()
      finish(with: SessionWords.ok)
      session.isMuted = false
      return true
    }
    if session.state.isOpaque { return takeInFeed(session, spec, request) }
    if needsProof(spec, session.state), !session.state.isModeProven {
      park(.order)
      return false
    }
    if session.state.isTransactionLost, spec.local != .reset {
      answerLost(session, spec)
      return true
    }
    if let isTaken = pauses(spec, request.count) { return isTaken }
    if let local = spec.local { return takeLocal(local, session, spec, request) }
    if spec.pin == .replication || spec.pin == .debugging, !session.state.isSubscriberMode {
      session.state.refuseInTransaction()
      say(refusal(of: spec), session)
      return true
    }
    return takeForServer(session, spec, request)
  }

  /// Whether what becomes of a command depends on what the server holds.
  private func needsProof(_ spec: CommandSpec, _ state: SessionState) -> Bool {
    switch spec.local {
    case .ping, .echo, .select, .clientSetName, .reset, .quit: return false
    case .some: return true
    case nil:
      if spec.session == .exec { return state.watch == .broken || state.execVerdict != .ask }
      return spec.pin == .replication || spec.pin == .debugging
    }
  }

  private func takeForServer(_ session: Session, _ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    session.writes.add(spec, request, argumentCount: pointee.scanner.argumentCount)
    guard sendForServer(session, spec, request) else { return false }
    if !session.state.isInTransaction, !session.state.isSubscriberMode {
      if spec.pin == .interruption, spec.session == nil { pointee.worker.interruptReplicas(request, pointee.set) }
      if spec.handling == .everywhere { pointee.worker.tellReplicasOfScripts(request, pointee.set) }
    }
    return true
  }

  private func sendForServer(_ session: Session, _ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    let isRead = spec.flags.contains(.readonly)
    switch spec.session {
    case .multi: return send(request, .multi, session)
    case .exec:
      let verdict = spec.accepts(argumentCount: pointee.scanner.argumentCount) ? session.state.execVerdict : .ask
      switch verdict {
      case .ask: return send(request, .exec, session)
      case .fail: return send(["DISCARD"], .discardForExec(SessionWords.execAborted), session)
      case .abort:
        return send(["DISCARD"], .discardForExec(SessionWords.null(isRESP3: session.state.isRESP3)), session)
      }
    case .discard: return send(request, .discard, session)
    case .watch: return send(request, .watch, session)
    case .unwatch: return send(request, .unwatch, session)
    case .subscribe: return send(request, .subscribe(.named, names(request)), session)
    case .psubscribe: return send(request, .subscribe(.patterns, names(request)), session)
    case .ssubscribe: return send(request, .subscribe(.shards, names(request)), session)
    case .unsubscribe: return send(request, .unsubscribe(.named, names(request)), session)
    case .punsubscribe: return send(request, .unsubscribe(.patterns, names(request)), session)
    case .sunsubscribe: return send(request, .unsubscribe(.shards, names(request)), session)
    case .monitor: return send(request, .monitor, session)
    case .tracking: return takeTracking(session, request)
    case .getRedir, .trackingInfo: return send(request, .redirection, session)
    case .noEvict: return takeMode(.noEvict, session, request)
    case .noTouch: return takeMode(.noTouch, session, request)
    case .importSource: return takeMode(.importSource, session, request)
    case .pause: return send(request, pause(arguments(of: request)).map { .pause($0) } ?? .plain(isRead: true), session)
    case .unpause: return send(request, .pause(.ends), session)
    case .wait, .waitaof: return takeBlocking(session, spec, request, isRead: false, needsFence: true)
    case .shutdown, nil:
      if spec.pin == .interruption { return send(request, .interruption, session) }
      let blocks =
        spec.handling == .pinnedIfBlocking ? blocks(request) : spec.handling == .pinned && spec.pin == .blocking
      return blocks
        ? takeBlocking(session, spec, request, isRead: isRead, needsFence: false)
        : send(request, .plain(isRead: isRead), session)
    }
  }

  /// A command that may block. Within a transaction none does.
  private func takeBlocking(
    _ session: Session, _ spec: CommandSpec, _ request: UnsafeRawBufferPointer, isRead: Bool, needsFence: Bool
  ) -> Bool {
    if session.state.isInTransaction && session.state.isModeProven || session.state.isSubscriberMode {
      return send(request, .plain(isRead: isRead), session)
    }
    if needsFence, !session.state.isModeProven {
      // What is ours must not get into a transaction of the client's.
      park(.order)
      return false
    }
    session.blockedSince = pointee.worker.pointee.loop.now
    // That the client has gone is to be known before what others ask, who may have waited for that.
    pointee.readWatcher.setUrgent(true, on: pointee.worker.pointee.loop)
    session.endless = needsFence ? nil : endless(spec, request)
    if needsFence {
      // WAIT is about the writes before it on the same connection. The client's earlier ones went elsewhere, but they are
      // acknowledged: any command that runs now makes the connection one that has seen them all.
      // For 0 replicas nobody waits.
      let isBrief = arguments(of: request).dropFirst().first == [UInt8(ascii: "0")]
      let what: Awaited = isBrief ? .fence : .blocking(isRead: false)
      guard upstream(of: session, for: what) != nil else { return refuse(what, session, request.count) }
      sendOurs(["PING"], .fence, session)
    }
    // What WAIT has counted is gone with its connection.
    return send(request, .blocking(isRead: isRead), session, isKept: !needsFence)
  }

  private func takeMode(_ mode: SessionState.Mode, _ session: Session, _ request: UnsafeRawBufferPointer) -> Bool {
    let isOn = arguments(of: request).last.map { String(decoding: $0, as: UTF8.self).lowercased() == "on" } ?? false
    return send(request, .mode(.init(mode: mode, request: isOn ? Array(request) : nil)), session)
  }

  private func names(_ request: UnsafeRawBufferPointer) -> ArraySlice<[UInt8]> { arguments(of: request).dropFirst() }

  /// A command that is about the session with the ambassador.
  private func takeLocal(
    _ local: LocalCommand, _ session: Session, _ spec: CommandSpec, _ request: UnsafeRawBufferPointer
  ) -> Bool {
    switch local {
    case .ping:
      let what: Awaited = session.state.subscriptions.isEmpty ? .plain(isRead: true) : .repeatable(Array(request))
      return send(request, what, session)
    case .echo: return send(request, .plain(isRead: true), session)
    case .select:
      // What EXEC says of each command is not looked at, so a number that it will refuse must not count as chosen.
      let database = arguments(of: request).dropFirst().first.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        .flatMap { (0..<pointee.worker.pointee.server.databases).contains($0) ? $0 : nil }
      return send(request, .select(database), session)
    case .clientSetName:
      let name = arguments(of: request).last ?? []
      // Within a transaction the server says what is wrong with it at EXEC, among other replies.
      return send(request, mayBeName(name) ? .setName(name) : .plain(isRead: true), session)
    case .reset:
      if session.lane != nil { return send(request, .reset, session) }
      let isSkipped = session.state.replies == .skipNext
      endSession()
      resetToDefaults()
      if !isSkipped { reply(SessionWords.reset) }
      return true
    case .hello, .auth, .quit, .clientID, .clientInfo, .clientList, .clientKill, .clientUnblock, .clientGetName,
      .clientSetInfo, .clientReply, .clientCapa:
      if session.state.isSubscriberMode { return send(request, .plain(isRead: true), session) }
      if session.state.isInTransaction { return queueLocal(local, session, request) }
      if local == .hello || local == .auth, pointee.outstanding > 0 {
        park(.order)
        return false
      }
      guard local != .clientReply else { return answerLocally(spec, request) }
      let before = session.state.replies
      session.isMuted = session.state.takeMute()
      defer { session.isMuted = false }
      if answerLocally(spec, request) { return true }
      // It is looked at once more.
      session.state.replies = before
      return false
    }
  }

  /// Within a transaction such a command is the server's to execute, in its place.
  private func queueLocal(_ local: LocalCommand, _ session: Session, _ request: UnsafeRawBufferPointer) -> Bool {
    let words = arguments(of: request)
    switch local {
    case .hello where !words.contains { String(decoding: $0, as: UTF8.self).lowercased() == "auth" }:
      let version = words.count > 1 ? UInt8(String(decoding: words[1], as: UTF8.self)) : nil
      guard let version, version == 2 || version == 3 else { return send(request, .plain(isRead: true), session) }
      return send(request, .hello(version, answer: []), session)
    case .hello, .auth, .clientReply, .clientKill, .clientUnblock:
      // The last two would be about upstreams, which belong to others.
      session.state.refuseInTransaction()
      let name = words.prefix(local == .hello || local == .auth ? 1 : 2)
        .map { String(decoding: $0.prefix(16), as: UTF8.self) }.joined(separator: " ")
      say(ProxyRefusal.notSupported("\(name) of this kind in a transaction").bytes, session)
      return true
    case .clientGetName where words.count == 2 && !pointee.name.isEmpty && !session.state.isRenaming:
      // The upstream has no name, and giving it the client's would make it of no use to others.
      var echo: [UInt8] = []
      RequestWriter.append([Array("ECHO".utf8), pointee.name], to: &echo)
      return echo.withUnsafeBytes { send($0, .plain(isRead: true), session) }
    default: return send(request, .plain(isRead: true), session)
    }
  }

  /// The connection is a feed: what the client sends is the server's matter.
  private func takeInFeed(_ session: Session, _ spec: CommandSpec, _ request: UnsafeRawBufferPointer) -> Bool {
    guard let lane = session.lane else { return true }
    if spec.local == .reset { return send(request, .reset, session) }
    if spec.effect == .changes { session.hasWrittenToFeed = true }
    lane.appendStreamed(request)
    return true
  }

  /// A command of a transaction whose upstream is lost.
  private func answerLost(_ session: Session, _ spec: CommandSpec) {
    let isVoided = session.state.transaction == .voided
    switch spec.session {
    case .exec:
      session.state.endAborted()
      say(isVoided ? SessionWords.null(isRESP3: session.state.isRESP3) : SessionWords.execAborted, session)
    case .discard:
      session.state.endAborted()
      say(SessionWords.ok, session)
    case .multi: say(SessionWords.nestedMulti, session)
    case .watch: say(SessionWords.watchInMulti, session)
    default: say(isVoided ? SessionWords.queued : ProxyRefusal.transactionLost(session.abortReason).bytes, session)
    }
  }

  /// Answers in the server's place, if the client wants to have answers.
  func say(_ bytes: [UInt8], _ session: Session) {
    if !session.state.takeMute() { reply(bytes) }
  }
}
