/// What the loss of a primary has done to the requests of one worker.
public struct OutageToll: Sendable, Equatable {
  /// Clients whose requests waited for a primary.
  public var waited = 0
  /// How long, in seconds, at most.
  public var longest = 0.0
  /// Requests that were on their way, were not executed, and were asked again.
  public var askedAgain = 0
  /// Writes that may or may not have been executed.
  public var unknown = 0

  public init(waited: Int = 0, longest: Double = 0, askedAgain: Int = 0, unknown: Int = 0) {
    self.waited = waited
    self.longest = longest
    self.askedAgain = askedAgain
    self.unknown = unknown
  }
}

/// What of a worker's counters has been told, and what is to be told when it is over.
struct OutageBook {
  private var told = OutageToll()
  private var last = OutageToll()
  private var isOpen = false
  /// When something last changed.
  private var changedAt = 0.0
  /// When requests began to find no primary, and when that ended.
  var began: Double?
  var ended: Double?

  /// How long all must be quiet before it is told: the last words of a former primary come behind the new one's first.
  private static let quiet = 0.3

  /// Takes note of the counters as they are. Gives back what is to be told now, and whether something will be later.
  mutating func look(_ counters: WorkerCounters, isAbsent: Bool, now: Double) -> (toll: OutageToll?, isOpen: Bool) {
    let seen = OutageToll(waited: counters.held, askedAgain: counters.takenBack, unknown: counters.unknownFates)
    if seen != last || isAbsent, seen != told {
      (last, isOpen, changedAt) = (seen, true, now)
    }
    guard isOpen, now - changedAt >= Self.quiet else { return (nil, isOpen) }
    var toll = OutageToll(
      waited: seen.waited - told.waited, askedAgain: seen.askedAgain - told.askedAgain,
      unknown: seen.unknown - told.unknown)
    if toll.waited > 0, let began, let ended { toll.longest = max(0, ended - began) }
    (told, isOpen, began, ended) = (seen, false, nil, nil)
    return (toll, false)
  }
}

extension UnsafeMutablePointer where Pointee == Worker {
  /// Each tick. Says whether there is something to be told later.
  func tellOutage(now: Double) -> Bool {
    let isAbsent = pointee.absentSince != nil && !pointee.holding.isEmpty
    let (toll, isOpen) = pointee.outage.look(pointee.counters, isAbsent: isAbsent, now: now)
    if let toll { pointee.report(.outageOver(toll)) }
    return isOpen
  }
}
