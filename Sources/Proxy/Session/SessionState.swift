/// What a redis-server holds for one connection because of what its client has sent, and what it still has to answer.
///
/// A pure value. It changes when a request is sent (``await(_:at:)``), when a reply comes (``receive(_:kind:)``), and when
/// the upstream is lost (``lose(sentUpTo:)``). Only replies count as evidence: after `MULTI` was sent but not answered, the
/// transaction is still `none`, and whoever must know asks ``isModeProven`` first.
struct SessionState {
  enum Transaction: Equatable {
    case none
    /// MULTI was answered OK. Leaves for none by the answer to EXEC or DISCARD, for aborting when the upstream is lost.
    case queueing(Queued)
    /// The queue is lost with its upstream: everything is refused here until EXEC, which is told so, or DISCARD.
    case aborting
    /// The same, and with it were lost watched keys: they count as changed, so EXEC will find nothing to execute, and
    /// until then what is sent counts as queued.
    case voided
  }

  enum Watch: Equatable {
    case none
    /// The server watches keys for us. Leaves for none by the answer to EXEC, DISCARD or UNWATCH.
    case keys
    /// It did, and nobody has since the upstream was lost: the next EXEC must not succeed.
    case broken
  }

  /// What of the client's replies the client wants to have.
  enum Replies: Equatable {
    case on, off
    /// All but the next one.
    case skipNext
  }

  /// A property of the connection that is switched on and off.
  enum Mode: UInt8, CaseIterable {
    case tracking, noEvict, noTouch, importSource
  }

  /// What EXEC will do to the session beside what it does to data.
  struct Effects: Equatable {
    var database: Int?
    var name: [UInt8]?
    var protocolVersion: UInt8?
    var modes: [ModeChange] = []
    var user: UpstreamCredentials?
    /// What the server does from now on to everybody.
    var pause: PauseChange?
    /// The connection becomes a feed.
    var becomesOpaque = false
  }

  struct ModeChange: Equatable {
    let mode: Mode
    /// The request that switches it on, to be repeated on another upstream; nothing when it is switched off.
    let request: [UInt8]?
    /// To which client of the ambassador invalidations go, if not to this one.
    var redirection: Int?
    /// It adds to what was switched on before, as prefixes do.
    var isAddition = false
  }

  struct Queued: Equatable {
    var effects = Effects()
    /// A command of it was refused here, so that EXEC must be as well.
    var mustFail = false
  }

  var transaction = Transaction.none {
    didSet {
      guard transaction == .none || oldValue == .none else { return }
      queuedCommands = transaction == .none ? -1 : 0
      script = nil
    }
  }
  var watch = Watch.none
  var replies = Replies.on
  private(set) var subscriptions = Subscriptions()
  private(set) var modes: [ModeChange] = []
  /// The connection is a feed: bytes are passed on as they come, and nothing is matched any more. Never left but by RESET.
  private(set) var isOpaque = false
  /// The upstream's database, protocol version or name are not those that it was lent with.
  private(set) var isAltered = false
  /// The reply to the newest request may be the last one that is matched.
  private var mayBecomeFeed = false
  private(set) var queue = AwaitedQueue()
  /// How many commands the server has queued; -1 outside of transactions.
  private(set) var queuedCommands = -1
  /// The requests of the open transaction that were answered, MULTI first, to open it again elsewhere; nothing when one of
  /// them is not kept.
  private(set) var script: [[UInt8]]? {
    didSet { if script == nil { scriptBytes = 0 } }
  }
  private var scriptBytes = 0

  /// The protocol version that the upstream speaks now.
  private(set) var isRESP3: Bool

  init(isRESP3: Bool = false) { self.isRESP3 = isRESP3 }
}

extension SessionState {
  var isInTransaction: Bool { transaction != .none }

  /// Whether the server holds nothing for the client and owes it nothing: the upstream may serve others.
  var isClean: Bool {
    queue.isEmpty && transaction == .none && watch == .none && subscriptions.isEmpty && modes.isEmpty && !isOpaque
      && replies == .on
  }

  /// Whether the open transaction gives the client another name.
  var isRenaming: Bool {
    if case .queueing(let queued) = transaction { queued.effects.name != nil } else { false }
  }

  /// Whether another upstream must take over when this one is lost, without being asked to.
  var needsUpstream: Bool { !subscriptions.isEmpty || !modes.isEmpty || queue.hasUnsentRequests }

  /// To which client of the ambassador this one's invalidations go, if not to itself: as it was said last.
  var redirection: Int? { modes.last { $0.mode == .tracking }?.redirection }

  /// Whether a request of ours may be sent in between: it would not become part of a transaction.
  var takesOurs: Bool { isModeProven && !isInTransaction && !isSubscriberMode && !isOpaque }

  /// What is kept of requests.
  var keptBytes: Int { scriptBytes + queue.keptBytes }

  /// Nothing is left of the transaction but its end, which is told here.
  var isTransactionLost: Bool { transaction == .aborting || transaction == .voided }

  /// Whether what the server holds is known, whatever is still to be answered.
  var isModeProven: Bool { !queue.contains { $0.changesMode } }

  /// A RESP2 connection with subscriptions takes few commands, and replies to it are recognised by their words.
  var isSubscriberMode: Bool { !subscriptions.isEmpty && !isRESP3 }

  /// Whether requests behind those in flight have to wait here.
  var isHolding: Bool {
    guard let last = queue.last else { return false }
    if mayBecomeFeed { return true }
    switch last.what {
    // The interruption's upstream may be one of another database.
    case .blocking, .interruption, .reset: return true
    default: return false
    }
  }

  /// Whether the server may be silent because it was asked to be.
  var isBlocked: Bool {
    guard case .blocking = queue.first?.what else { return false }
    return true
  }

  /// Whether a request that may block is under way, first or not.
  var mayBlock: Bool {
    queue.contains { if case .blocking = $0 { true } else { false } }
  }

  /// Whether bytes arrive that the client has not asked for one by one: it cannot be made to take them slowly.
  var isFeed: Bool { isOpaque || !subscriptions.isEmpty || modes.contains { $0.mode == .tracking } }
}

// Requests.
extension SessionState {
  /// A request is sent: from byte `start` of all that were sent on this upstream.
  /// - Parameter request: its bytes, if it may be asked again; empty when they are not kept.
  mutating func await(_ what: Awaited, at start: Int, request: [UInt8] = []) {
    // Whatever the reply says: such an upstream is nobody else's any more.
    if what.altersUpstream { isAltered = true }
    switch what {
    case .monitor: mayBecomeFeed = true
    case .exec where queue.contains(\.expectsNotices): mayBecomeFeed = true
    case .exec: if case .queueing(let queued) = transaction, queued.effects.becomesOpaque { mayBecomeFeed = true }
    default: break
    }
    // RESET switches replies on before it is answered, unless it is the one to be skipped.
    let wasOff = replies == .off
    let isMuted = what.isOurs ? false : takeMute() && !(what == .reset && wasOff)
    queue.append(AwaitedReply(what: what, start: start, isMuted: isMuted, request: request))
  }

  /// Whether the client wants no reply to the request that it has just sent.
  mutating func takeMute() -> Bool {
    switch replies {
    case .on: return false
    case .off: return true
    case .skipNext:
      replies = .on
      return true
    }
  }

  /// Called for a command that the server never gets to see although its place is in the transaction.
  mutating func refuseInTransaction() {
    guard case .queueing(var queued) = transaction else { return }
    queued.mustFail = true
    transaction = .queueing(queued)
  }

  /// MULTI is taken although no upstream can be had: what follows is refused until EXEC or DISCARD.
  mutating func abortFromTheStart() { transaction = .aborting }

  /// EXEC or DISCARD of a transaction that was lost.
  mutating func endAborted() {
    transaction = .none
    watch = .none
  }

  /// Whether EXEC has to be answered otherwise than the server would.
  enum Verdict { case ask, abort, fail }
  var execVerdict: Verdict {
    guard case .queueing(let queued) = transaction else { return .ask }
    if queued.mustFail { return .fail }
    return watch == .broken ? .abort : .ask
  }

  /// Takes all that waits for its place, to be sent on a new upstream.
  mutating func takeQueue() -> [AwaitedReply] {
    defer { queue = AwaitedQueue() }
    return queue.elements
  }

  /// As `takeQueue` does it, for one.
  mutating func putBack(_ reply: AwaitedReply) { queue.append(reply) }

  /// A new upstream is as new.
  mutating func changeUpstream(isRESP3: Bool) {
    self.isRESP3 = isRESP3
    isAltered = false
    if queuedCommands > 0 { queuedCommands = 0 }
  }

  /// The open transaction cannot be opened again elsewhere.
  mutating func forgetScript() { script = nil }

  private mutating func noteAnswered(_ head: AwaitedReply) {
    guard case .queueing = transaction, script != nil, !head.what.isOurs else { return }
    guard !head.request.isEmpty else { return forgetScript() }
    script?.append(head.request)
    scriptBytes += head.request.count
  }

  /// The replies that are known already and whose turn has come.
  mutating func takeLocal() -> AwaitedReply? {
    guard case .local = queue.first?.what else { return nil }
    return queue.popFirst()
  }

  /// As after RESET.
  mutating func reset() {
    self = SessionState()
    isAltered = true
  }
}

// Replies.
extension SessionState {
  enum Delivery: Equatable {
    case pass
    case drop
    /// Its own in the place of the server's.
    case replace([UInt8])
  }

  struct Outcome: Equatable {
    var delivery = Delivery.pass
    /// How many of the client's requests are answered by it.
    var settled: Int32 = 0
    /// What is different now for the client itself.
    var effects: Effects?
    /// The upstream's own id.
    var upstreamID: Int?
    /// Invalidations go to their listener again.
    var isRedirected = false
    /// The session is over by RESET.
    var isReset = false
    /// The upstream has said what nobody has asked for.
    var isUnexpected = false
  }

  /// A reply, or the beginning of one that is too long to be held.
  mutating func receive(_ reply: UnsafeRawBufferPointer, kind: UInt8) -> Outcome {
    if isOpaque { return receiveFeed(reply) }
    if mayBeNotice(kind), let notice = Notice(reply) { return receive(notice) }
    if kind == UInt8(ascii: ">") { return Outcome() }
    guard let head = queue.popFirst() else { return Outcome(isUnexpected: true) }
    if queuedCommands >= 0, reply.elementsEqual("+QUEUED\r\n".utf8) { queuedCommands += 1 }
    noteAnswered(head)
    if case .redirection = head.what, !head.isMuted { return Outcome(delivery: translated(reply), settled: 1) }
    if case .plain = head.what { return Outcome(delivery: head.isMuted ? .drop : .pass, settled: 1) }
    return settle(head, ReplyShape(reply, kind: kind))
  }

  /// What the server says of a redirection, with the ambassador's id in the place of the upstream's: GETREDIR says nothing
  /// else, TRACKINGINFO says it behind a word.
  private func translated(_ reply: UnsafeRawBufferPointer) -> Delivery {
    let word = Array("redirect\r\n".utf8)
    let isAlone = reply.first == UInt8(ascii: ":")
    let place = isAlone ? 0 : reply.indices.first { reply[$0...].starts(with: word) }.map { $0 + word.count }
    guard let redirection, let place, place + 1 < reply.count, (49...57).contains(reply[place + 1]) else {
      return .pass
    }
    return .replace(reply[..<place] + Array(":\(redirection)".utf8) + reply[place...].drop { $0 != 13 })
  }

  /// Whether the beginning of a long reply is the client's to have.
  func wants(_ reply: UnsafeRawBufferPointer, kind: UInt8) -> Bool {
    if isOpaque || kind == UInt8(ascii: ">") { return true }
    if mayBeNotice(kind), Notice(reply) != nil { return true }
    return queue.first.map { !$0.isMuted && !$0.what.isOurs } ?? true
  }

  private func mayBeNotice(_ kind: UInt8) -> Bool {
    if kind == UInt8(ascii: ">") { return true }
    guard kind == UInt8(ascii: "*"), !isRESP3 else { return false }
    return !subscriptions.isEmpty || (queue.first?.what.expectsNotices ?? false)
  }

  private mutating func receiveFeed(_ reply: UnsafeRawBufferPointer) -> Outcome {
    guard case .reset = queue.first?.what, ReplyShape(reply, kind: reply.first ?? 0) == .reset else { return Outcome() }
    reset()
    return Outcome(settled: 1, isReset: true)
  }

  private mutating func receive(_ notice: Notice) -> Outcome {
    switch notice {
    case .message: return Outcome()
    case .subscribed(let kind, let name):
      subscriptions.insert(name, as: kind)
      guard var head = queue.first else { return Outcome() }
      switch head.what {
      case .subscribe(kind, let names):
        head.what = .subscribe(kind, names.dropFirst())
        return confirm(head, isLast: names.count <= 1)
      case .renewal(kind, let count):
        head.what = .renewal(kind, count - 1)
        return confirm(head, isLast: count <= 1, isOurs: true)
      default: return Outcome()
      }
    case .unsubscribed(let kind, let name):
      if let name { subscriptions.remove(name, as: kind) }
      guard var head = queue.first, case .unsubscribe(kind, let names) = head.what else { return Outcome() }
      head.what = .unsubscribe(kind, names.dropFirst())
      // Without names it is all of them, one by one, or one answer that there were none.
      return confirm(head, isLast: names.isEmpty ? subscriptions[kind].isEmpty : names.count == 1)
    }
  }

  private mutating func confirm(_ head: AwaitedReply, isLast: Bool, isOurs: Bool = false) -> Outcome {
    if isLast { _ = queue.popFirst() } else { queue.replaceFirst(head) }
    // CLIENT REPLY does not take away what is pushed.
    return Outcome(delivery: isOurs ? .drop : .pass, settled: isLast && !isOurs ? 1 : 0)
  }

  /// The reply to `head`, which is no longer in the queue.
  private mutating func settle(_ head: AwaitedReply, _ shape: ReplyShape) -> Outcome {
    var outcome = Outcome(delivery: head.isMuted ? .drop : .pass, settled: 1)
    if queue.isEmpty { mayBecomeFeed = false }
    switch head.what {
    case .plain, .blocking, .interruption, .repeatable, .redirection: break
    case .local(let bytes): outcome = Outcome(delivery: .replace(bytes), settled: 1)
    case .multi:
      if shape == .ok {
        transaction = .queueing(Queued())
        if !head.request.isEmpty { (script, scriptBytes) = ([head.request], head.request.count) }
      }
    case .exec: finishExec(shape, &outcome)
    case .discardForExec(let bytes):
      if shape == .ok {
        endTransaction()
        if !head.isMuted { outcome.delivery = .replace(bytes) }
      } else {
        becomeOpaque(&outcome)
      }
    case .discard:
      if shape == .ok { endTransaction() }
    case .watch:
      if shape == .ok, watch == .none { watch = .keys }
    case .unwatch:
      if shape == .ok { watch = .none }
    case .select(let database): change(shape, &outcome) { $0.database = database ?? $0.database }
    case .setName(let name): change(shape, &outcome) { $0.name = name }
    case .mode(let wanted): change(shape, &outcome) { $0.modes.append(wanted) }
    case .pause(let wanted): change(shape, &outcome) { $0.pause = wanted }
    case .hello(let version, let answer):
      if shape == .queued {
        change(shape, &outcome) { $0.protocolVersion = version }
      } else if !shape.isError {
        isRESP3 = version == 3
        outcome.effects = Effects(protocolVersion: version)
        if !head.isMuted { outcome.delivery = .replace(answer) }
      }
    case .auth(let who):
      if shape == .ok {
        isAltered = true
        outcome.effects = Effects(user: who)
      }
    case .helloAuth(let version, let who, let name, let answer):
      if !shape.isError {
        isRESP3 = version == 3
        isAltered = true
        outcome.effects = Effects(name: name, protocolVersion: version, user: who)
        if !head.isMuted { outcome.delivery = .replace(answer) }
      }
    case .subscribe, .unsubscribe:
      // An error instead of confirmations, or its place in a transaction.
      if shape == .queued { change(shape, &outcome) { $0.becomesOpaque = true } }
    case .monitor:
      if shape == .ok { becomeOpaque(&outcome) } else { change(shape, &outcome) { $0.becomesOpaque = true } }
    case .reset:
      if shape == .reset {
        outcome.settled += Int32(queue.elements.count { !$0.what.isOurs })
        reset()
        outcome.isReset = true
      }
    case .identity:
      outcome = Outcome(delivery: .drop, settled: 0)
      if case .integer(let id) = shape { outcome.upstreamID = id } else { outcome.upstreamID = -1 }
    case .fence, .repeated, .renewal: outcome = Outcome(delivery: .drop, settled: 0)
    case .redirected: outcome = Outcome(delivery: .drop, settled: 0, isRedirected: shape == .ok)
    }
    return outcome
  }

  private mutating func endTransaction() {
    transaction = .none
    watch = .none
  }

  private mutating func finishExec(_ shape: ReplyShape, _ outcome: inout Outcome) {
    guard case .queueing(let queued) = transaction else { return }
    switch shape {
    case .null, .error(.execAborted): endTransaction()
    case .array:
      endTransaction()
      if queued.effects != Effects() { apply(queued.effects, &outcome) }
    default:
      // Whether the transaction is still open is not known, so nothing is matched from here on.
      becomeOpaque(&outcome)
    }
  }

  /// What a command changes, now or when the transaction is executed.
  private mutating func change(_ shape: ReplyShape, _ outcome: inout Outcome, _ change: (inout Effects) -> Void) {
    switch shape {
    case .ok:
      var effects = Effects()
      change(&effects)
      apply(effects, &outcome)
    case .queued:
      guard case .queueing(var queued) = transaction else { return }
      change(&queued.effects)
      transaction = .queueing(queued)
    default: break
    }
  }

  private mutating func apply(_ effects: Effects, _ outcome: inout Outcome) {
    if let version = effects.protocolVersion { isRESP3 = version == 3 }
    for change in effects.modes {
      if !change.isAddition { modes.removeAll { $0.mode == change.mode } }
      if change.request != nil, !modes.contains(change) { modes.append(change) }
    }
    outcome.effects = effects
    if effects.becomesOpaque { becomeOpaque(&outcome) }
  }

  /// Nothing is matched any more, so everything in flight counts as answered.
  private mutating func becomeOpaque(_ outcome: inout Outcome) {
    isOpaque = true
    isAltered = true
    outcome.settled += Int32(queue.elements.count { !$0.what.isOurs })
    queue = AwaitedQueue()
  }
}
