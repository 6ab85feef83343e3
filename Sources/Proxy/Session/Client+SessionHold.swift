import RESP
import Reactor

// A session between two upstreams.
extension UnsafeMutablePointer where Pointee == Client {
  /// Requests of the session that were not executed wait for another upstream: as long as requests wait for a primary.
  func waitForUpstream(_ session: Session) {
    guard session.state.queue.hasUnsentRequests, !session.isWaiting else { return }
    let worker = pointee.worker
    session.isWaiting = true
    session.heldBytes = session.state.keptBytes
    worker.pointee.heldBytes += session.heldBytes
    worker.pointee.counters.takenBack += session.state.queue.count
    worker.beginAbsence()
  }

  func stopWaiting(_ session: Session) {
    session.isWaiting = false
    pointee.worker.pointee.heldBytes -= session.heldBytes
    session.heldBytes = 0
  }

  /// No upstream has come in time: what has waited was not executed, and never will be.
  func giveUpWaiting(_ session: Session) {
    stopWaiting(session)
    let refusal = pointee.worker.whyUnserved(pointee.set)
    session.abortReason = refusal.reason
    let words = { (fate: SessionState.Fate) -> [UInt8] in
      switch fate {
      case .ok: SessionWords.ok
      case .said(let bytes): bytes
      case .reset: SessionWords.reset
      case .unknown, .readLost, .notExecuted: refusal.bytes
      }
    }
    // Of what waits here not a byte was sent.
    let answers = session.state.lose(sentUpTo: -1, of: 0, mayRepeat: false, render: words)
    for answer in answers where !answer.isMuted { say(words(answer.fate)) }
    endSessionIfClean(session)
    settle(Int32(answers.count))
    goOnAfterHold()
  }
}

extension UnsafeMutablePointer where Pointee == Lane {
  /// Whether a reply says that this node does not do now what a primary would, so that the request at the head, and with it
  /// its transaction, was not executed. Then it is to be asked again elsewhere.
  func refuses(_ session: Session, _ reply: UnsafeRawBufferPointer) -> Bool {
    let worker = pointee.worker
    guard worker.mayHold, !session.client.pointee.isFinishing,
      session.state.isRefusal(reply, hasYetToFindReplicas: worker.hasYetToFindReplicas),
      session.state.canRepeatHead, !mayBeForged(session)
    else { return false }
    session.isHeadRefused = true
    if pointee.node.pointee.isPrimary { worker.pausePrimary("\(ReplyError(reply: reply))") }
    return true
  }

  /// Whether the request at the head is a script that was refused several times in a row: the words may be its own.
  private func mayBeForged(_ session: Session) -> Bool {
    guard let head = session.state.queue.first, case .plain = head.what, pointee.node.pointee.isPrimary,
      head.request.withUnsafeBytes({ pointee.worker.spec(of: $0) }).runsCode
    else { return false }
    return session.refusedScripts.isOneTooMany(pointee.worker.pointee.loop.now)
  }
}

extension SessionState {
  /// Whether an error is what a node says to the request at the head only because it is no primary, or is one since so short
  /// a time that its replicas have yet to find it.
  func isRefusal(_ reply: UnsafeRawBufferPointer, hasYetToFindReplicas: Bool = false) -> Bool {
    guard let head = queue.first else { return false }
    switch (ReplyError(reply: reply), head.what) {
    case (.readOnly, .plain), (.readOnly, .blocking), (.readOnly, .repeated), (.loading, .plain), (.loading, .blocking),
      (.loading, .watch), (.loading, .repeated), (.masterDown, .plain), (.masterDown, .blocking), (.masterDown, .watch),
      (.masterDown, .repeated), (.unblocked, .blocking):
      return true
    case (.transactionAborted, .exec):
      return reply.starts(with: "-EXECABORT Transaction discarded because of: READONLY You can't write".utf8)
        || reply.starts(with: "-EXECABORT Transaction discarded because of: LOADING Redis is loading".utf8)
        || hasYetToFindReplicas
          && reply.starts(with: "-EXECABORT Transaction discarded because of: NOREPLICAS Not enough good".utf8)
    case (.noReplicas, .plain), (.noReplicas, .blocking), (.noReplicas, .repeated): return hasYetToFindReplicas
    default: return false
    }
  }

  /// Whether the request at the head would be asked again if it were refused.
  var canRepeatHead: Bool {
    let entries = queue.elements
    var isOpen = false
    if case .queueing = transaction { isOpen = true }
    var repetition = Repetition(
      count: entries.count, isOpen: isOpen, hasScript: script != nil, isWatching: watch != .none)
    // Taken as sent as a whole.
    repetition.decide(entries, ends: entries.map { _ in 0 }, sent: 0, isHeadRefused: true)
    // With watched keys nothing is asked again, but what the client hears is not the refusal either.
    if isOpen, watch != .none { return true }
    let index = entries.firstIndex { !$0.what.isOurs }
    return index.map { repetition.isAskedAgain[$0] } ?? repetition.keepsOpenTransaction
  }
}
