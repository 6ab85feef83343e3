/// What the probes go by. Pure: whoever asks fills it in.
public struct Health: Equatable, Sendable {
  /// Clients are accepted: the topology was looked at, or known to be unknown.
  public var isAccepting = false
  public var isStopping = false
  public var hasPrimary = false
  /// Why there is no primary.
  public var absence = ""
  /// For how many seconds there has been none.
  public var absentFor = 0.0
  /// How long requests wait for one, in seconds.
  public var hold = 0.0
  /// Workers that have not answered in time, by their numbers.
  public var silentWorkers: [Int] = []

  public init() {}

  /// Yes or no, and one sentence.
  public struct Verdict: Equatable, Sendable {
    public var isGood: Bool
    public var sentence: String

    static func yes(_ sentence: String) -> Verdict { Verdict(isGood: true, sentence: sentence) }
    static func no(_ sentence: String) -> Verdict { Verdict(isGood: false, sentence: sentence) }
  }

  /// Whether a restart would help. Never because of Redis: an outage of Redis would restart every ambassador, and each of
  /// them would lose its clients for nothing.
  public var live: Verdict {
    silentWorkers.isEmpty
      ? .yes("alive") : .no("no answer from worker \(silentWorkers.map(String.init).joined(separator: ", "))")
  }

  /// Whether clients are accepted.
  public var startup: Verdict { isAccepting ? .yes("started") : .no("the topology is not known yet") }

  /// Whether a request that is made now is served: while there is no primary it is, as long as requests wait for one.
  public var ready: Verdict {
    if isStopping { return .no("shutting down") }
    if !isAccepting { return startup }
    if hasPrimary { return .yes("ready") }
    return absentFor < hold
      ? .yes("no primary, requests wait for one: \(absence)") : .no("no primary: \(absence)")
  }
}
