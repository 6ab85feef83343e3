import Commands
import Consistency
import RESP

/// What the requests of a session may have written and nobody has been told of yet: entered into the ledger when the reply
/// comes that acknowledges it. Not earlier, because a session may block for hours, and a transaction may never be run.
struct SessionWrites {
  /// Past so many keys, every key counts as written.
  static let most = 256

  /// Keys that were named.
  private(set) var keys: [UInt64] = []
  /// Any key, named or not.
  private(set) var isEverything = false
  /// Not only by scripts, which are to touch what they name.
  private(set) var isUndeclared = false

  var isEmpty: Bool { keys.isEmpty && !isEverything }

  mutating func add(_ spec: CommandSpec, _ request: UnsafeRawBufferPointer, argumentCount: Int) {
    // What EXEC runs was added when it was queued.
    guard spec.effect == .changes, spec.session != .exec, !isUndeclared else { return }
    var areKnown = false
    if spec.isWritingScript {
      isEverything = true
      areKnown = spec.forEachDeclaredKeyHash(in: request, argumentCount: argumentCount) { keys.append($0) }
    } else if spec.scope != .any, spec.keyRange(argumentCount: argumentCount).last < Self.most {
      areKnown = spec.forEachKeyHash(in: request, argumentCount: argumentCount) { keys.append($0) }
    }
    if !areKnown || keys.count > Self.most { addEverything() }
  }

  mutating func addEverything() {
    (isEverything, isUndeclared) = (true, true)
    keys = []
  }

  mutating func clear() { self = SessionWrites() }
}

extension UnsafeMutablePointer where Pointee == Client {
  /// A reply has come, not yet passed on, that may acknowledge what the session has written.
  func enterWrites(of session: Session, _ reply: UnsafeRawBufferPointer) {
    // A script may say the same, but not within a transaction.
    let isQueued = session.state.isInTransaction && reply.elementsEqual(SessionWords.queued)
    guard !session.writes.isEmpty, !isQueued else { return }
    enter(session.writes)
    if !session.state.queue.contains({ $0.mayWrite }) { session.writes.clear() }
  }

  /// Something has come, not yet passed on, from an upstream that is a feed and was sent writes: nobody matches what comes
  /// to what was sent, so any of it may acknowledge them.
  func enterFeedWrites() {
    var writes = SessionWrites()
    writes.addEverything()
    enter(writes)
  }

  private func enter(_ writes: SessionWrites) {
    let worker = pointee.worker
    guard worker.pointee.settings.isFencing else { return }
    let ledger = worker.pointee.ledger
    // Whatever is sent on any connection from now on is executed after it: the proof may come from there.
    let lane = worker.primaryLane(pointee.set)
    let batch = lane?.openBatch() ?? ledger.pointee.begin(under: 0)
    if writes.isEverything { ledger.pointee.markEverything(batch) }
    for key in writes.keys { ledger.pointee.mark(key, batch) }
    if lane == nil { ledger.pointee.giveUp(batch) }
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Writes that were sent will not be answered: whoever looks what became of them must see them. Of a script, the keys that
  /// it names: every key would have all reads wait until there is a primary, and nobody was told that it has written.
  func enterLost(_ writes: SessionWrites) {
    guard pointee.settings.isFencing, !writes.isEmpty else { return }
    let ledger = pointee.ledger
    let batch = ledger.pointee.begin(under: 0)
    if writes.isUndeclared { ledger.pointee.markEverything(batch) }
    for key in writes.keys { ledger.pointee.mark(key, batch) }
    ledger.pointee.giveUp(batch)
  }

  /// The same of a single request that is entered late.
  func enterLost(_ request: UnsafeRawBufferPointer) {
    var writes = SessionWrites()
    request.forEachRequest { bytes, scanner in
      writes.add(spec(of: bytes), bytes, argumentCount: scanner.argumentCount)
    }
    enterLost(writes)
  }
}
