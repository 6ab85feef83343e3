/// Which requests of a session are asked again on another upstream when theirs is lost: those that provably were not
/// executed, and reads. Of a transaction all or nothing, and all only when its EXEC was not sent.
struct Repetition {
  /// For each awaited reply.
  private(set) var isAskedAgain: [Bool]
  /// The transaction that is open can be opened again: nothing of it was executed, all of it is kept, and it depends on no
  /// watched key, for those may have changed.
  private(set) var keepsOpenTransaction = false

  private let isOpen: Bool
  private let hasScript: Bool
  private var isWatching: Bool

  /// - Parameters:
  ///   - isOpen: a transaction is open.
  ///   - hasScript: what the server has queued of it is kept.
  ///   - isWatching: keys were watched.
  init(count: Int, isOpen: Bool, hasScript: Bool, isWatching: Bool) {
    isAskedAgain = Array(repeating: false, count: count)
    self.isOpen = isOpen
    self.hasScript = hasScript
    self.isWatching = isWatching
  }

  /// - Parameters:
  ///   - ends: where each request ends among the bytes for the upstream, of which `sent` were sent.
  ///   - isHeadRefused: the next reply would have been a refusal.
  mutating func decide(_ entries: [AwaitedReply], ends: [Int], sent: Int, isHeadRefused: Bool) {
    // Nothing is asked again behind which everything is forgotten.
    guard !entries.contains(where: { $0.what == .reset }) else { return }
    let head = isHeadRefused ? entries.indices.first { !entries[$0].what.isOurs } : nil
    var begin = isOpen ? 0 : nil as Int?
    var isKept = hasScript && !isWatching
    for (index, entry) in entries.enumerated() where !entry.what.isOurs {
      let wasSent = ends[index] <= sent && index != head
      let hasBytes = !entry.request.isEmpty
      if let first = begin {
        if !hasBytes, !entry.what.isLocal { isKept = false }
        switch entry.what {
        case .exec:
          // Behind a command that was refused, EXEC executes nothing.
          let isRefused = head.map { (first...index).contains($0) } ?? false
          finish(first...index, isKept: isKept && (!wasSent || isRefused))
          begin = nil
        case .discard, .discardForExec:
          finish(first...index, isKept: isKept)
          begin = nil
        default: break
        }
        continue
      }
      switch entry.what {
      case .multi:
        begin = index
        isKept = hasBytes && !isWatching
      case .plain(let isRead), .blocking(let isRead): isAskedAgain[index] = hasBytes && (isRead || !wasSent)
      case .redirection: isAskedAgain[index] = hasBytes
      case .watch:
        isAskedAgain[index] = hasBytes
        if !hasBytes { isWatching = true }
      case .unwatch: isAskedAgain[index] = hasBytes && isAskedAgain[..<index].contains(true)
      case .exec, .discard, .discardForExec, .select, .setName, .hello, .auth, .helloAuth, .mode, .pause, .monitor:
        isAskedAgain[index] = hasBytes && !wasSent
      case .interruption, .subscribe, .unsubscribe, .repeatable, .local, .reset, .identity, .fence, .repeated,
        .redirected, .renewal:
        break
      }
    }
    if let begin {
      if begin < entries.endIndex { finish(begin...(entries.endIndex - 1), isKept: isKept) }
      if isOpen, begin == 0 { keepsOpenTransaction = isKept }
    }
  }

  private mutating func finish(_ transaction: ClosedRange<Int>, isKept: Bool) {
    if isOpen, transaction.lowerBound == 0 { keepsOpenTransaction = isKept }
    if isKept { for index in transaction { isAskedAgain[index] = true } }
    isWatching = false
  }
}

extension Awaited {
  fileprivate var isLocal: Bool { if case .local = self { true } else { false } }
}
