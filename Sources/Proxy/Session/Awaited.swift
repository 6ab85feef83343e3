/// A request whose reply is still to come, and what the reply will mean.
enum Awaited: Equatable {
  /// Changes nothing about the session.
  case plain(isRead: Bool)
  /// The server may take its time, and everything behind it waits.
  case blocking(isRead: Bool)
  /// Ends what keeps the node from answering anything else.
  case interruption
  case multi, exec, discard, watch, unwatch
  /// With the names whose confirmations are still to come.
  case subscribe(Channels, ArraySlice<[UInt8]>)
  /// The same; without names it is about all of them.
  case unsubscribe(Channels, ArraySlice<[UInt8]>)
  /// A database that the server may or may not have.
  case select(Int?)
  case setName([UInt8])
  case hello(UInt8, answer: [UInt8])
  case auth(UpstreamCredentials)
  case helloAuth(UInt8, UpstreamCredentials, name: [UInt8]?, answer: [UInt8])
  case mode(SessionState.ModeChange)
  /// Asks where invalidations go; the server knows that client by its upstream only.
  case redirection
  /// CLIENT PAUSE, or UNPAUSE.
  case pause(PauseChange)
  case monitor
  case reset
  /// A subscriber's PING: it may be sent again.
  case repeatable([UInt8])
  /// Sent in the place of an EXEC that must not succeed; the client gets the bytes.
  case discardForExec([UInt8])
  /// Sent to nobody: the reply is known, and only its turn has to come.
  case local([UInt8])

  // Ours: the client does not know of them.

  /// Asks for the upstream's own id.
  case identity
  /// Tells the server where its stream of writes is, for a WAIT.
  case fence
  /// Sent again on another upstream, as a mode or a part of an open transaction: the client has had its reply.
  case repeated
  /// The last of what switches tracking on again for invalidations that go to another client.
  case redirected
  /// Subscriptions taken up again, with the number of confirmations still to come.
  case renewal(Channels, Int)
}

extension Awaited {
  var isOurs: Bool {
    switch self {
    case .identity, .fence, .repeated, .redirected, .renewal: true
    case .plain, .blocking, .interruption, .multi, .exec, .discard, .watch, .unwatch, .subscribe, .unsubscribe, .select,
      .setName,
      .hello, .auth, .helloAuth, .mode, .redirection, .pause, .monitor, .reset, .repeatable, .discardForExec, .local:
      false
    }
  }

  /// Whether it may be sent to a node that is not proven to be the primary at the moment: it writes nothing.
  var isHarmless: Bool {
    switch self {
    case .subscribe, .unsubscribe, .repeatable, .discard, .discardForExec, .unwatch, .reset, .interruption: true
    case .plain, .blocking, .multi, .exec, .watch, .select, .setName, .hello, .auth, .helloAuth, .mode, .redirection,
      .pause,
      .monitor,
      .local, .identity,
      .fence,
      .repeated, .redirected, .renewal:
      false
    }
  }

  /// Whether it may have written by the time it is answered.
  var mayWrite: Bool {
    switch self {
    case .plain(let isRead), .blocking(let isRead): !isRead
    case .exec: true
    case .interruption, .multi, .discard, .watch, .unwatch, .subscribe, .unsubscribe, .select, .setName, .hello, .auth,
      .helloAuth,
      .mode, .redirection, .pause, .monitor,
      .reset, .repeatable, .discardForExec, .local, .identity, .fence, .repeated, .redirected, .renewal:
      false
    }
  }

  /// Whether what the next request means depends on the reply.
  var changesMode: Bool {
    switch self {
    case .multi, .exec, .discard, .subscribe, .unsubscribe, .hello, .auth, .helloAuth, .setName, .monitor, .reset,
      .discardForExec:
      true
    case .plain, .blocking, .interruption, .watch, .unwatch, .select, .mode, .redirection, .pause, .repeatable, .local,
      .identity,
      .fence,
      .repeated, .redirected,
      .renewal:
      false
    }
  }

  /// Whether it may change what an upstream was lent with: its database, its protocol version, its name.
  var altersUpstream: Bool {
    switch self {
    case .select, .setName, .hello, .helloAuth, .monitor, .reset: true
    case .plain, .blocking, .interruption, .auth, .multi, .exec, .discard, .watch, .unwatch, .subscribe, .unsubscribe,
      .mode, .redirection, .pause,
      .repeatable,
      .discardForExec, .local, .identity, .fence, .repeated, .redirected, .renewal:
      false
    }
  }

  /// Whether it leaves nothing at the server that the client would need the upstream for, and is answered at once.
  var isBrief: Bool {
    switch self {
    case .auth, .helloAuth, .interruption, .pause, .unsubscribe, .fence: true
    default: false
    }
  }

  /// Whether the reply is needed whole, however long it is.
  var needsWholeReply: Bool { self == .redirection || expectsNotices }

  /// Who the client will be when it is answered with yes.
  var user: UpstreamCredentials? {
    switch self {
    case .auth(let who), .helloAuth(_, let who, _, _): who
    default: nil
    }
  }

  /// Whether it is answered by messages about subscriptions.
  var expectsNotices: Bool {
    switch self {
    case .subscribe, .unsubscribe, .renewal: true
    case .plain, .blocking, .interruption, .multi, .exec, .discard, .watch, .unwatch, .select, .setName, .hello, .auth,
      .helloAuth,
      .mode, .redirection, .pause, .monitor,
      .reset, .repeatable, .discardForExec, .local, .identity, .fence, .repeated, .redirected:
      false
    }
  }
}

/// An awaited reply in its place.
struct AwaitedReply: Equatable {
  var what: Awaited
  /// Where the request begins among all bytes for its upstream.
  var start: Int
  /// The client does not want to have the reply.
  var isMuted: Bool
  /// Its bytes, for another upstream in case this one is lost; empty when they are not kept.
  var request: [UInt8] = []
}

/// Awaited replies, oldest first.
struct AwaitedQueue: Equatable {
  private var items: [AwaitedReply] = []
  private var head = 0
  /// Of the requests that are kept, together.
  private(set) var keptBytes = 0

  var isEmpty: Bool { head == items.count }
  var count: Int { items.count - head }
  var first: AwaitedReply? { head < items.count ? items[head] : nil }
  var last: AwaitedReply? { head < items.count ? items[items.count - 1] : nil }
  var elements: [AwaitedReply] { Array(items[head...]) }

  mutating func append(_ reply: AwaitedReply) {
    keptBytes += reply.request.count
    items.append(reply)
  }

  mutating func replaceFirst(_ reply: AwaitedReply) { items[head] = reply }

  mutating func popFirst() -> AwaitedReply? {
    guard head < items.count else { return nil }
    let reply = items[head]
    keptBytes -= reply.request.count
    head += 1
    if head == items.count {
      items.removeAll(keepingCapacity: items.capacity <= 64)
      head = 0
    } else if head >= 256, head * 2 >= items.count {
      items.removeFirst(head)
      head = 0
    }
    return reply
  }

  func contains(_ condition: (Awaited) -> Bool) -> Bool { items[head...].contains { condition($0.what) } }

  /// Whether any waits for an upstream to be sent to.
  var hasUnsentRequests: Bool {
    contains { what in
      switch what {
      case .local: false
      default: !what.isOurs
      }
    }
  }

  static func == (one: AwaitedQueue, other: AwaitedQueue) -> Bool { one.elements == other.elements }
}
