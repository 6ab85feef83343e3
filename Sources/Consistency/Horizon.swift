/// Up to which ticket the ledger may forget single keys, as far as one worker knows: what all replicas that it reads are
/// proven to have. One that is far behind the others does not hold the horizon back for long; it is not read then, of keys
/// whose last write is forgotten, until it has what the others had.
public struct Horizon: Sendable, BitwiseCopyable {
  /// How long, in seconds, the replica that has most waits for the others, and at most twice that.
  public static let patience = 1.0

  private var passed: Ticket = 0
  private var most: Ticket = 0
  private var since = -Double.infinity

  public init() {}

  /// - Parameters:
  ///   - least: the lowest ticket that any replica that is read is proven to have.
  ///   - most: the highest.
  ///   - now: in seconds since some moment in the past.
  /// - Returns: the ticket up to which single keys may be forgotten.
  public mutating func advance(least: Ticket, most: Ticket, now: Double) -> Ticket {
    if now - since >= Self.patience {
      passed = self.most
      self.most = most
      since = now
    }
    return max(least, passed)
  }
}
