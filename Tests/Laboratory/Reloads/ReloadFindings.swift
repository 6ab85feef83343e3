/// What reloads have done to the clients.
public struct ReloadFindings: Sendable {
  /// One reload under load.
  public struct Step: Sendable {
    public var title: String
    /// Seconds until it was in force.
    public var inForceAfter: Double
    /// Requests a second around it.
    public var rate: Double
    /// The longest that a pipeline or a transaction's request has taken around it, in seconds.
    public var slowest: Double
  }

  /// Many reloads in a row.
  public struct Storm: Sendable {
    public var seconds: Double
    /// How often the file was changed, and how often a configuration came into force.
    public var asked: Int
    public var inForce: Int
    public var rate: Double
    public var slowest: Double
    /// Of the ambassador: before, at the most, and when all was calm again.
    public var memory: (before: Int, peak: Int, after: Int)
    public var descriptors: (before: Int, peak: Int, after: Int)
  }

  public var steps: [Step] = []
  public var storm: Storm?
  public var requests = 0
  public var acknowledged = 0
  public var transactions = 0
  public var connectionsLost = 0
  public var errors: [String: Int] = [:]
  public var wrong: [String] = []
  /// Writes that are not where they were acknowledged, or there with another value.
  public var missing: [String] = []
  /// Elements of the queue that are gone, or came twice.
  public var queued = 0
  public var queueErrors: [String] = []
  /// Messages that subscribers have not heard, of so many.
  public var messages = 0
  public var unheard = 0

  public init() {}

  /// What was promised and is not kept, as sentences. That subscribers miss what is published while they are moved is no
  /// promise.
  public var brokenPromises: [String] {
    var broken: [String] = []
    if connectionsLost > 0 { broken.append("\(connectionsLost) connections of clients were lost") }
    if !errors.isEmpty { broken.append("clients were told: \(Findings.list(errors))") }
    if !wrong.isEmpty { broken.append("\(wrong.count) wrong replies, as \(wrong[0])") }
    if !missing.isEmpty { broken.append("\(missing.count) writes are not there, as \(missing[0])") }
    if !queueErrors.isEmpty { broken.append(contentsOf: queueErrors) }
    if let storm {
      if storm.memory.after > storm.memory.before + 8 << 20 { broken.append("memory is not given back: \(storm)") }
      if storm.descriptors.after > storm.descriptors.before + 8 {
        broken.append("descriptors are not closed: \(storm)")
      }
    }
    return broken
  }
}
