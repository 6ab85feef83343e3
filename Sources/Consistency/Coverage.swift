/// What is proven of the data behind one connection to a replica, and when to ask again.
///
/// It belongs to the connection, because another connection to the same address may lead to another process: the replica
/// restarted, or another one behind the same name.
public struct Coverage: Sendable, BitwiseCopyable {
  /// The node has every write up to this ticket.
  public private(set) var proven: Ticket = 0
  /// The furthest ticket that unanswered reads rely on without proof: a probe stands in front of them.
  public private(set) var promised: Ticket = 0
  /// Probes that were asked and not answered.
  public private(set) var asked = 0
  /// Whether a probe was ever answered.
  public private(set) var isAnswered = false
  /// Where the node was when it was asked last.
  private var point: ReplicationPoint?
  private var askAgainAt = 0.0
  private var pause = Self.firstPause

  /// Seconds from an answer to the next question; doubled while answers bring nothing new.
  static let firstPause = 0.0005
  static let lastPause = 0.016

  public init() {}

  /// Whether a probe may tell more than is known.
  @inlinable @inline(__always)
  public func mayLearn(fenced: Ticket, now: Double) -> Bool {
    proven < fenced && asked == 0 && mayAsk(now)
  }

  @usableFromInline
  func mayAsk(_ now: Double) -> Bool { now >= askAgainAt }

  public mutating func ask() { asked += 1 }

  /// Unanswered reads rely on what the last probe will say.
  public mutating func promise(_ ticket: Ticket) { promised = max(promised, ticket) }

  /// Takes a probe's answer.
  ///
  /// A node that goes on in the same history keeps what it has. One that is in another history now, or further back in the
  /// same, has loaded other data: only what the ledger says of that point is proven, whatever was before.
  /// - Parameter covered: what the ledger says of this point.
  /// - Returns: whether what the reads on this connection rely on holds.
  public mutating func learn(_ point: ReplicationPoint, covering covered: Ticket, now: Double) -> Bool {
    var goesOn = true
    if let last = self.point { goesOn = last.history == point.history && last.offset <= point.offset }
    let relied = max(proven, promised)
    pause = covered > proven ? Self.firstPause : min(pause * 2, Self.lastPause)
    proven = goesOn ? max(proven, covered) : covered
    self.point = point
    answered(now)
    return proven >= relied
  }

  /// What the node had may be gone: reads rely on nothing until the next proof.
  public mutating func void() {
    proven = 0
    point = nil
  }

  /// A probe was answered with something else: nothing is proven any more.
  /// - Returns: whether nothing relied on it.
  public mutating func learnNothing(now: Double) -> Bool {
    let holds = max(proven, promised) == 0
    proven = 0
    point = nil
    pause = min(pause * 2, Self.lastPause)
    answered(now)
    return holds
  }

  private mutating func answered(_ now: Double) {
    isAnswered = true
    promised = 0
    asked = max(0, asked - 1)
    askAgainAt = now + pause
  }
}
