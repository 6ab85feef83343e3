/// A client that has an upstream of its own, because a redis-server holds something for it.
///
/// From its first such command until the server provably holds nothing any more, all that the client sends goes to that
/// upstream, in order: only the upstream's own replies say what the server holds. When it is lost, what provably was not
/// executed is sent again on another one, as far as it was kept: a long request passes through as it arrives.
///
/// Invariant: `client.pointee.session === self` and, if there is a lane, `lane.pointee.session === self`, until `isOver`.
final class Session {
  let client: ClientRef
  /// Nothing before the first request that needs one, and while a lost one is to be replaced.
  var lane: LaneRef?
  var state: SessionState
  /// Requests of the client that the lane owes replies to.
  var inFlight = 0
  /// How many of these, the oldest, the lane is measuring.
  var timed = 0
  /// The reply that is given at the moment is one that the client does not want.
  var isMuted = false
  /// The first bytes of the reply that is passed on piecewise.
  var streamed: [UInt8]?
  /// That reply is nobody's.
  var dropsStream = false
  /// What it may have written without anybody knowing.
  var writes = SessionWrites()
  /// Tracking is to be switched on again, with the present upstream of the client that hears of it.
  var mustRedirect = false
  /// The upstream is a feed, and was sent what may write.
  var hasWrittenToFeed = false
  /// When the newest request was sent that may block.
  var blockedSince = 0.0
  /// The server was asked to end the request that blocks; nothing while that is not so.
  var unblocking: Unblocking?
  /// The newest request that blocks, if it blocks for ever.
  var endless: [UInt8]?
  /// The upstream has refused the request at the head, as only a node does that is no primary: it was not executed.
  var isHeadRefused = false
  /// Its client sends no more while its request blocks, and the server was asked to end that. The upstream must not be
  /// lent again: what the server was asked may come late.
  var isAbandoned = false
  /// Scripts at the head that were refused.
  var refusedScripts = RepeatedRefusals()
  /// Until when the upstream, that of a former primary, may say that the command which blocks there was not executed.
  var unblockedBy: Double?
  /// Requests wait for another upstream, with so many bytes of them among those that the worker holds.
  var isWaiting = false
  var heldBytes = 0
  /// Why the transaction that is being refused was lost.
  var abortReason = ""
  private(set) var isOver = false

  init(client: ClientRef, isRESP3: Bool) {
    self.client = client
    state = SessionState(isRESP3: isRESP3)
  }

  func end() { isOver = true }
}

/// How often in a row a script was refused.
struct RepeatedRefusals {
  private var count: UInt8 = 0
  private var last = -Double.infinity

  /// Counts one more; says whether that is more than are believed. Those further apart have nothing to do with each other.
  mutating func isOneTooMany(_ now: Double) -> Bool {
    count = now - last < 10 * Limits.primaryPause ? count + 1 : 1
    last = now
    return count > Limits.refusalsOfScripts
  }
}
