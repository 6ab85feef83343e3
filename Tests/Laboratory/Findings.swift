/// What a fault has done to the clients.
public struct Findings: Sendable {
  public struct Gap: Sendable {
    /// In seconds.
    public var length: Double
    /// When it ended.
    public var end: Double
  }

  public var title: String
  /// How many writes were acknowledged.
  public var acknowledged: Int
  /// What clients were told that is neither an answer nor "it may or may not have been executed", and how often.
  public var errors: [String: Int]
  public var readErrors: [String: Int]
  public var connectionsLost: Int
  public var unknown: [String]
  /// Acknowledged writes that are not there in the end.
  public var missing: Int
  /// When the last of these was acknowledged, in seconds since the fault.
  public var lastMissing: Double?
  /// How many of these were acknowledged after another node was a primary: no primary that was replaced may have had them.
  public var missingAfterTurn: Int
  public var wrong: [String]
  public var writeGap: Gap
  public var readGap: Gap
  /// How long after the promoted node was writable the gap in the writes ended, in seconds; nothing without a promotion.
  public var resumed: Double?

  public var errorCount: Int { errors.values.reduce(0, +) + readErrors.values.reduce(0, +) }

  /// The longest time without an answer between `start` and `end`.
  static func longestGap(_ times: [Double], from start: Double, to end: Double) -> Gap {
    var longest = Gap(length: 0, end: start)
    var last = start
    for time in times where time > start && time <= end {
      if time - last > longest.length { longest = Gap(length: time - last, end: time) }
      last = time
    }
    if end - last > longest.length { longest = Gap(length: end - last, end: end) }
    return longest
  }

  /// How often each text came, without the numbers in it.
  static func tally(_ texts: [String]) -> [String: Int] {
    texts.reduce(into: [:]) { $0[$1, default: 0] += 1 }
  }
}

extension Findings {
  /// What was promised and is not kept, as sentences.
  public func brokenPromises(_ promise: Promise) -> [String] {
    var broken: [String] = []
    if connectionsLost > 0 { broken.append("\(connectionsLost) connections of clients were lost") }
    if !wrong.isEmpty { broken.append("\(wrong.count) wrong replies, as \(wrong[0])") }
    if !readErrors.isEmpty { broken.append("reads were refused: \(Self.list(readErrors))") }
    if !errors.isEmpty { broken.append("clients were told: \(Self.list(errors))") }
    if unknown.count > promise.unknown {
      broken.append("\(unknown.count) writes are unknown, at most \(promise.unknown) may be; as \(unknown[0])")
    }
    switch promise.loss {
    case .nothing: if missing > 0 { broken.append("\(missing) acknowledged writes are missing") }
    case .inFlight(let limit):
      if missing > limit { broken.append("\(missing) acknowledged writes are missing, at most \(limit) may be") }
    case .untilReplaced: break
    }
    if missingAfterTurn > 0 {
      broken.append("\(missingAfterTurn) of the missing writes were acknowledged when another was the primary already")
    }
    return broken
  }

  /// Which goals of time were missed. They are goals of a machine that has nothing else to do.
  public func missedGoals(_ promise: Promise) -> [String] {
    var missed: [String] = []
    func note(_ what: String, _ seconds: Double, _ goal: Double) {
      if seconds > goal { missed.append("\(what) \(Int(seconds * 1000)) ms, the goal is \(Int(goal * 1000)) ms") }
    }
    if let goal = promise.resumes, let resumed { note("writes went on after the promotion by", resumed, goal) }
    if let goal = promise.readGap { note("the longest gap in reads is", readGap.length, goal) }
    return missed
  }

  public static func list(_ errors: [String: Int]) -> String {
    errors.sorted { $0.key < $1.key }.map { "\($0.value)x \($0.key)" }.joined(separator: "; ")
  }
}

/// What a fault may cost. That no connection is lost, nothing is refused and no reply is a wrong one is promised for all.
public struct Promise: Sendable {
  /// What Redis itself may lose of the writes that it has acknowledged.
  public enum Loss: Sendable {
    case nothing
    /// What the primary acknowledged in its last moment and had not sent to a replica: so many at most.
    case inFlight(Int)
    /// What a primary that was cut off acknowledged until another had its place.
    case untilReplaced
  }

  /// So many writes may be of unknown fate: those that were in flight, one for each client at most.
  public var unknown = 0
  public var loss = Loss.nothing
  /// Goals, in seconds: from the promotion to the first write, and the longest time in which no read is answered.
  public var resumes: Double? = 0.05
  public var readGap: Double? = 0.25

  /// Nothing at all.
  public static let nothing = Promise()
  /// What was under way when a primary went: a write of each of the writers, and of those who do something else.
  public static let inFlight = Promise(unknown: Load.clientsThatWrite, loss: .inFlight(Load.clientsThatWrite))
  /// The same when the primary keeps what it has acknowledged, and comes back with it.
  public static let unknownOnly = Promise(unknown: Load.clientsThatWrite)
  /// The ambassador was cut off with the primary. Neither can know before it has waited for the others.
  public static let cutOff = Promise(
    unknown: Load.clientsThatWrite, loss: .untilReplaced, resumes: nil, readGap: nil)
}
