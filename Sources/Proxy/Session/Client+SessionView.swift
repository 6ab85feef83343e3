import Commands
import RESP
import Reactor

// What belongs to the client's own view of its connection, and its long requests.
extension UnsafeMutablePointer where Pointee == Client {
  /// A reply whose turn has not come.
  func keepTurn(_ bytes: [UInt8], _ session: Session) {
    session.state.putBack(
      AwaitedReply(what: .local(bytes), start: session.lane?.pointee.streamQueued ?? 0, isMuted: false))
    pointee.outstanding += 1
    if pointee.outstanding >= Limits.clientInFlight { park(.inFlight) }
  }

  /// HELLO with another version than the upstream's: the server must speak it from here on, but what it says of itself
  /// is not what the client is told.
  func sendHello(_ version: UInt8, answer: [UInt8], _ session: Session) -> Bool {
    session.isMuted ? true : send(["HELLO", String(version)], .hello(version, answer: answer), session)
  }

  /// CLIENT REPLY. What a shared upstream must never hear is done here: with a session, whose replies can be dropped.
  func setReplies(_ argument: [UInt8]) -> Bool {
    switch String(decoding: argument, as: UTF8.self).lowercased() {
    case "on":
      pointee.session?.state.replies = .on
      replyOK()
    case "off":
      guard let session = sessionForMuting() else { return false }
      session.state.replies = .off
    case "skip":
      guard let session = sessionForMuting() else { return false }
      if session.state.replies == .on { session.state.replies = .skipNext }
    default:
      if pointee.session?.state.takeMute() != true { reply(error: "ERR syntax error") }
    }
    return true
  }

  private func sessionForMuting() -> Session? {
    if let session = pointee.session { return session }
    guard pointee.outstanding == 0 else {
      park(.order)
      return nil
    }
    let session = Session(client: self, isRESP3: pointee.set.pointee.protocolVersion == 3)
    pointee.session = session
    return session
  }

  /// Commands whose words must be known are not passed on piecewise.
  func isKeptWhole(_ spec: CommandSpec) -> Bool {
    let mustBeKnown =
      spec.handling == .pinned && spec.pin != .replication || spec.handling == .pinnedIfBlocking
      || spec.handling == .everywhere
    return (mustBeKnown || isAnsweredFromWords(spec))
      && pointee.scanner.position + pointee.scanner.pendingBulk <= Limits.keptRequest
  }

  /// ECHO apart: that one the server can answer while it arrives.
  private func isAnsweredFromWords(_ spec: CommandSpec) -> Bool { spec.handling == .local && spec.local != .echo }

  /// A long request in a session: to its upstream, in its turn. False: not now.
  func beginStream(_ spec: CommandSpec, _ count: Int, in session: Session) -> Bool {
    if isKeptWhole(spec) { return false }
    guard session.state.isModeProven, leaveHandedOver(session) else {
      park(.order)
      return false
    }
    if let isTaken = pauses(spec, 0) {
      if isTaken { pointee.stream = .discarding }
      return isTaken
    }
    let isPassedOn = spec.handling == .forward || spec.handling == .everywhere || spec.local == .echo
    let lane = isPassedOn && !session.state.isTransactionLost ? upstream(of: session) : nil
    let isServed = lane.map { $0.pointee.node.pointee.isPrimary || $0.pointee.isHandedOver } ?? false
    if !isServed, isPassedOn, !session.state.isTransactionLost, !isFull(session), hold(count) { return false }
    guard let lane, isServed else {
      pointee.stream = .discarding
      session.state.refuseInTransaction()
      let refusal =
        !isPassedOn
        ? refusal(of: spec)
        : session.state.isTransactionLost
          ? ProxyRefusal.transactionLost(session.abortReason).bytes : pointee.worker.primaryRefusal.bytes
      if !session.state.takeMute() { reply(refusal) }
      return true
    }
    if session.state.isOpaque {
      if spec.effect == .changes { session.hasWrittenToFeed = true }
    } else {
      if spec.effect == .changes { session.writes.addEverything() }
      session.state.await(.plain(isRead: spec.flags.contains(.readonly)), at: lane.pointee.streamQueued)
      countSent(on: lane, session)
    }
    lane.pointee.isStreamOpen = true
    pointee.stream = .forwarding(lane)
    return true
  }
}
