import RESP

extension SessionState {
  /// What becomes of a request whose upstream is lost.
  enum Fate: Equatable {
    /// It was sent, and may or may not have been executed.
    case unknown
    /// It was sent and changes nothing.
    case readLost
    case notExecuted
    case ok
    /// As the server would say it.
    case said([UInt8])
    case reset
  }

  struct LostReply: Equatable {
    let fate: Fate
    let isMuted: Bool
  }

  /// The upstream is gone, and with it whatever the server held for it. Gives a fate to each request that the client waits
  /// for, in order, as far as nothing that can be asked again stands before it; what remains in the queue is asked again
  /// or waits for its turn.
  ///
  /// - Parameters:
  ///   - sent: how many of the bytes for this upstream were handed to the kernel.
  ///   - total: how many there were, or more than that when the last request was still arriving.
  ///   - isHeadRefused: the request that is to be answered next was refused by a node that is no primary, and with it, if it
  ///     belongs to a transaction, all of that.
  ///   - mayRepeat: whether another upstream is waited for.
  ///   - render: the words for a fate that has to wait for its turn.
  mutating func lose(
    sentUpTo sent: Int, of total: Int, isHeadRefused: Bool = false, mayRepeat: Bool = true,
    render: (Fate) -> [UInt8]
  ) -> [LostReply] {
    let entries = takeQueue()
    // A request of which a single byte was not sent was not executed.
    let ends = entries.dropFirst().map(\.start) + [total]
    // Behind a command that was refused, EXEC executes nothing.
    let refusedExec = isHeadRefused && isQueueing ? entries.firstIndex { $0.what == .exec } : nil
    let lastExec = entries.indices.last { entries[$0].what == .exec && ends[$0] <= sent && $0 != refusedExec }
    var repetition = Repetition(
      count: entries.count, isOpen: isQueueing, hasScript: script != nil, isWatching: watch != .none)
    if mayRepeat { repetition.decide(entries, ends: ends, sent: sent, isHeadRefused: isHeadRefused) }
    let keepsTransaction = isQueueing && repetition.keepsOpenTransaction
    if !keepsTransaction { forgetScript() }
    var walk = Walk(
      isOpen: isQueueing && !keepsTransaction, isWatching: watch != .none, null: SessionWords.null(isRESP3: isRESP3))
    var answers: [LostReply] = []
    for (index, entry) in entries.enumerated() where !entry.what.isOurs {
      if repetition.isAskedAgain[index] {
        putBack(entry)
        continue
      }
      let mayBeExecuted = lastExec.map { index <= $0 } ?? false
      let fate = walk.fate(
        of: entry, wasSent: ends[index] <= sent && index != refusedExec, mayBeExecuted: mayBeExecuted)
      switch fate {
      case nil: putBack(entry)
      case .reset?:
        // Nothing is asked again behind which everything is forgotten.
        for waiting in takeQueue() {
          var fate = Fate.notExecuted
          if case .local(let bytes) = waiting.what { fate = .said(bytes) }
          answers.append(LostReply(fate: fate, isMuted: waiting.isMuted))
        }
        reset()
        walk.isOpen = false
        walk.isWatching = false
        answers.append(LostReply(fate: .reset, isMuted: entry.isMuted))
      case let fate? where queue.isEmpty: answers.append(LostReply(fate: fate, isMuted: entry.isMuted))
      case let fate?:
        putBack(AwaitedReply(what: .local(render(fate)), start: 0, isMuted: entry.isMuted))
      }
    }
    if !isTransactionLost, !keepsTransaction {
      transaction = walk.isOpen ? (walk.isWatching ? .voided : .aborting) : .none
    }
    if watch != .none { watch = walk.isWatching ? .broken : .none }
    return answers
  }

  private var isQueueing: Bool { if case .queueing = transaction { true } else { false } }

  /// Goes through the requests as the server would have done.
  private struct Walk {
    var isOpen: Bool
    var isWatching: Bool
    let null: [UInt8]

    /// - Returns: nothing for a request that may be sent again.
    mutating func fate(of entry: AwaitedReply, wasSent: Bool, mayBeExecuted: Bool) -> Fate? {
      // Within a transaction nothing runs before EXEC does.
      let byData: Fate =
        isOpen
        ? (mayBeExecuted ? .unknown : isWatching ? .said(SessionWords.queued) : .notExecuted)
        : wasSent ? .unknown : .notExecuted
      switch entry.what {
      case .plain(let isRead), .blocking(let isRead):
        return isRead && byData == .unknown && !isOpen ? .readLost : byData
      case .interruption, .pause: return byData
      case .multi:
        guard !isOpen else { return byData }
        isOpen = true
        return .ok
      case .exec:
        guard isOpen else { return wasSent ? .unknown : .notExecuted }
        defer { (isOpen, isWatching) = (false, false) }
        return wasSent ? .unknown : .said(isWatching ? null : SessionWords.execAborted)
      case .discard:
        guard isOpen else { return wasSent ? .unknown : .notExecuted }
        (isOpen, isWatching) = (false, false)
        return .ok
      case .discardForExec(let bytes):
        (isOpen, isWatching) = (false, false)
        return .said(bytes)
      case .unwatch:
        if !isOpen { isWatching = false }
        return isOpen ? byData : .ok
      case .watch, .select, .setName, .hello, .auth, .helloAuth, .mode, .redirection, .monitor:
        return isOpen ? byData : .notExecuted
      case .subscribe, .unsubscribe, .repeatable: return isOpen ? byData : nil
      case .reset: return .reset
      case .local(let bytes): return .said(bytes)
      case .identity, .fence, .repeated, .redirected, .renewal: return nil
      }
    }
  }
}

/// What redis-server says where we have to say it.
enum SessionWords {
  static let ok = Array("+OK\r\n".utf8)
  static let execAborted = Array("-EXECABORT Transaction discarded because of previous errors.\r\n".utf8)
  static let nestedMulti = Array("-ERR MULTI calls can not be nested\r\n".utf8)
  static let watchInMulti = Array("-ERR WATCH inside MULTI is not allowed\r\n".utf8)
  static let reset = Array("+RESET\r\n".utf8)
  static let queued = Array("+QUEUED\r\n".utf8)

  /// Whether a request that blocks was answered by what says that nothing was given for it.
  static func isNothing(_ reply: UnsafeRawBufferPointer) -> Bool {
    ["*-1\r\n", "$-1\r\n", "_\r\n"].contains { reply.elementsEqual($0.utf8) }
  }

  /// EXEC's answer when watched keys have changed.
  static func null(isRESP3: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    ReplyWriter.appendNullArray(isRESP3 ? .three : .two, to: &bytes)
    return bytes
  }

  /// To a client that caches: everything may have changed.
  static let everythingInvalid = Array(">2\r\n$10\r\ninvalidate\r\n_\r\n".utf8)
  /// The same, to a subscriber.
  static let everythingInvalidMessage = Array(
    "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n".utf8)
}
