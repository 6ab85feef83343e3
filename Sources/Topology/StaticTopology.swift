/// Turns what nodes say of themselves into a topology when the configuration names the primary.
///
/// A value without clock or socket: observations go in, ``snapshot`` and ``watched`` come out.
/// The judgement is ``DNSTopology``'s: who belongs to the set is known, and one of them is meant to be the primary. That one
/// is believed when it says so itself and no other has a claim; another, when it has taken the place of that.
/// Replicas are those configured, or else those that the primary has named, for as long as they have to do with it.
public struct StaticTopology: Sendable {
  let configuredPrimary: NodeAddress
  private let configuredReplicas: [NodeAddress]
  private var learnedReplicas: [NodeAddress] = []
  private var judge: DNSTopology

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds.
  public init(primary: NodeAddress, replicas: [NodeAddress], maxLag: Double? = nil) {
    configuredPrimary = primary
    configuredReplicas = replicas.reduce(into: []) { kept, replica in
      if replica != primary && !kept.contains(replica) { kept.append(replica) }
    }
    judge = DNSTopology(primary: primary, maxLag: maxLag)
    judge.named(watched, isWhole: true, now: 0)
  }

  /// Goes on from what another knows of the same configured primary: a look that begins now must not believe a deposed one
  /// that came back, nor miss whoever has taken its place.
  public mutating func goOn(from other: StaticTopology) {
    guard other.configuredPrimary == configuredPrimary else { return }
    learnedReplicas = other.learnedReplicas
    judge.goOn(from: other.judge)
    judge.named(watched, isWhole: true, now: 0)
  }

  /// The nodes to keep an eye on, the primary first.
  public var watched: [NodeAddress] { [configuredPrimary] + replicaAddresses }

  /// Whether every watched node has said something or failed to.
  public var isComplete: Bool { judge.isComplete }

  /// Something is going on or is not proven: all must be asked often.
  public var isUnsettled: Bool { judge.isUnsettled }

  /// How often nodes must be asked so that lag is noticed in time, in seconds; nothing when that does not matter.
  public static func interval(forMaxLag maxLag: Double?) -> Double? { maxLag.map(ReplicationLag.interval) }

  /// What process is at an address, said once a connection and before anything else on it.
  public mutating func describe(_ node: NodeAddress, runID: String) { judge.describe(node, runID: runID) }

  /// - Parameter span: when the node was asked and when it had answered (or failed to), in seconds of a clock that does
  ///   not go back.
  public mutating func observe(
    _ node: NodeAddress, _ observation: NodeObservation, during span: ClosedRange<Double>
  ) {
    guard watched.contains(node) else { return }
    // Whom the primary names must be heard before it is believed for the first time.
    if node == place { meet(observation, now: span.upperBound) }
    judge.observe(node, observation, during: span)
    if node == place { forgetLeavers(now: span.upperBound) }
  }

  /// Nothing was said for a while.
  public mutating func pass(to now: Double) { judge.pass(to: now) }

  /// A node was reached at the IP literal that its name stands for.
  public mutating func locate(_ node: NodeAddress, at literal: NodeAddress) { judge.book.locate(node, at: literal) }

  public var snapshot: TopologySnapshot {
    let whole = judge.snapshot
    var replicas = replicaAddresses
    if place != configuredPrimary {
      replicas.removeAll { $0 == place }
      replicas.append(configuredPrimary)
    }
    if let primary = whole.primary { replicas.removeAll { judge.isSame($0, primary) } }
    return TopologySnapshot(
      primary: whole.primary, primaryAbsence: whole.primaryAbsence, primaryProof: whole.primaryProof,
      replicas: judge.book.judge(replicas, under: whole.primary))
  }

  private var replicaAddresses: [NodeAddress] { configuredReplicas.isEmpty ? learnedReplicas : configuredReplicas }

  /// Who is the primary, or was and has not been replaced.
  private var place: NodeAddress { judge.incumbent?.node ?? configuredPrimary }

  // MARK: - Replicas that are learned

  private mutating func meet(_ observation: NodeObservation, now: Double) {
    guard configuredReplicas.isEmpty, case .answered(let info, _) = observation, info.role == .primary else { return }
    for address in named(by: info) where !learnedReplicas.contains(address) { learnedReplicas.append(address) }
    judge.named(watched, isWhole: true, now: now)
  }

  /// A replica that left the primary's list is forgotten only when it has nothing to do with it any more: a list is a second
  /// old, a replica that restarts comes back to it, and one that was promoted, or follows such a one, is evidence.
  private mutating func forgetLeavers(now: Double) {
    guard configuredReplicas.isEmpty, let info = judge.book.info(of: place), info.role == .primary else { return }
    let named = named(by: info)
    let leavers = learnedReplicas.filter { $0 != place && !named.contains($0) && !isOfInterest($0) }
    guard !leavers.isEmpty else { return }
    learnedReplicas.removeAll(where: leavers.contains)
    judge.named(watched, isWhole: true, now: now)
  }

  /// A primary behind a translated address may name itself; it is not its own replica.
  private func named(by info: ReplicationInfo) -> [NodeAddress] {
    info.replicas.map(\.address).filter { !judge.book.isSamePlace($0, configuredPrimary) }
  }

  private func isOfInterest(_ node: NodeAddress) -> Bool {
    guard let own = judge.book.info(of: node) else { return !judge.isProven && judge.book.observations[node] != nil }
    if !judge.isProven || own.role == .primary { return true }
    if own.isLinked, judge.book.isOurs(own, under: place) { return true }
    guard let wanted = own.primary else { return false }
    return watched.contains { $0 != place && $0 != node && judge.book.isSamePlace($0, wanted) }
  }
}
