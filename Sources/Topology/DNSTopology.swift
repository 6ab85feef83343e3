/// Turns what nodes say of themselves into a topology when the configuration only says where nodes are found: names, each
/// of which may stand for many of them.
///
/// A value without clock or socket: statements go in, ``snapshot`` and ``watched`` come out.
/// The names say who belongs to the set, not who its primary is. That is exactly one node that says so and whose replicas
/// agree; `DNSTopology+Proof.swift` has the conditions, for the first primary, for another in its place, and for what
/// ends the proof.
///
/// One node may be found at several addresses (a service's and its own, IPv4 and IPv6): nodes are compared by run id.
public struct DNSTopology: Sendable {
  /// What the names stand for now. Those that stay keep their place.
  private(set) var named: [NodeAddress] = []
  /// Every name has been looked up once, for good or bad.
  private var isLookedUp = false
  /// Why a name stands for nothing yet.
  private var nameTrouble: String?
  var book: ReplicaBook
  var runIDs: [NodeAddress: String] = [:]
  /// What each node last said of its role, and in which life, even if it is silent now.
  private var lastRole: [NodeAddress: Said] = [:]
  /// When a node that said that it was a replica said for the first time that it is a primary, in one life of it.
  var turnedAt: [NodeAddress: Double] = [:]
  /// Since when a node has said that it is a primary.
  var claimedAt: [NodeAddress: Double] = [:]

  /// When each node was asked for what it last said.
  private var askedAt: [NodeAddress: Double] = [:]
  /// Nodes that another was proven in the place of, and as what process they were known: until they say that they are
  /// replicas, their word that they are the primary is worth nothing.
  private var superseded: [NodeAddress: String] = [:]

  /// Whom the configuration means by the primary; nothing where names only say who belongs to the set.
  let meant: NodeAddress?
  /// Whoever was proven last, and as what process; before that, whoever is meant.
  var incumbent: Incumbent?
  /// Whether it is proven now.
  private(set) var isProven = false
  /// From when on others must have been asked: what they said before the last proof ended is no word on the next.
  private var brokenAt = -Double.infinity
  /// Nodes that were promoted while the last primary was away. It does not take its place back by coming back.
  var promotedMeanwhile: Set<NodeAddress> = []
  /// Nodes that go their own way beside a proven primary: a copy that nobody follows, or the replica of another. One that has
  /// done so for long enough while all was well is no evidence when the primary is away for a moment or is restarted.
  private var loners: [NodeAddress: Loner] = [:]
  /// How often the names have given up a primary that served for one that has other data.
  public private(set) var handovers = 0
  var absence = "the names have not been looked up yet"

  struct Incumbent: Sendable, Equatable {
    var node: NodeAddress
    var runID: String?
    /// Another was, before it.
    var former: NodeAddress?
    /// It was never proven, only meant.
    var isUntried = false
  }

  private struct Said {
    var role: ReplicationInfo.Role
    var runID: String?
  }

  private struct Loner {
    var since: Double
    var role: ReplicationInfo.Role
    /// For long enough.
    var isKnown = false
  }

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds.
  public init(maxLag: Double? = nil) {
    book = ReplicaBook(maxLag: maxLag)
    meant = nil
  }

  /// For a configuration that says who the primary is.
  init(primary: NodeAddress, maxLag: Double?) {
    book = ReplicaBook(maxLag: maxLag)
    meant = primary
    incumbent = Incumbent(node: primary, isUntried: true)
  }

  /// Goes on from what another knows of the same set's past: a look that begins now must not believe a deposed primary, nor
  /// one in whose absence another was promoted, nor miss a promotion because it sees only what came of it.
  public mutating func goOn(from other: DNSTopology) {
    incumbent = other.incumbent
    superseded = other.superseded
    (runIDs, lastRole) = (other.runIDs, other.lastRole)
    (turnedAt, claimedAt) = (other.turnedAt, other.claimedAt)
    (promotedMeanwhile, loners) = (other.promotedMeanwhile, other.loners)
    book.goOn(from: other.book)
  }

  // MARK: - What comes out

  /// The nodes to keep an eye on: those that the names stand for, and the primary until another has taken its place.
  public var watched: [NodeAddress] {
    guard let incumbent, isProven, !named.contains(incumbent.node) else { return named }
    return named + [incumbent.node]
  }

  /// Whether every name was looked up and every node has said something or failed to.
  public var isComplete: Bool { isLookedUp && watched.allSatisfy { book.observations[$0] != nil } }

  /// Something is going on or is not proven: all must be asked often.
  public var isUnsettled: Bool { !isProven || !turnedAt.isEmpty }

  public var snapshot: TopologySnapshot {
    let primary = isProven ? incumbent?.node : nil
    var replicas: [NodeAddress] = []
    for node in named where primary.map({ !isSame($0, node) }) ?? true {
      // While there is no primary, the last one counts as a replica only if it says so.
      if primary == nil, let incumbent, isSame(incumbent.node, node), book.info(of: node)?.role != .replica { continue }
      if !replicas.contains(where: { isSame($0, node) }) { replicas.append(node) }
    }
    return TopologySnapshot(
      primary: primary, primaryAbsence: primary == nil ? absence : "", primaryProof: primary == nil ? "" : proofWords,
      replicas: book.judge(replicas, under: primary))
  }

  /// The process that was last found at an address: behind the address of a service another may be found each time.
  public func runID(at node: NodeAddress) -> String? { runIDs[node] }

  // MARK: - What goes in. Times are seconds of a clock that does not go back.

  /// What the names stand for, all together. A name that cannot be looked up stands for what it stood for before.
  /// - Parameters:
  ///   - isWhole: every name was looked up once, for good or bad.
  ///   - trouble: why a name stands for nothing, if one does.
  public mutating func named(_ nodes: [NodeAddress], isWhole: Bool, trouble: String? = nil, now: Double) {
    isLookedUp = isWhole
    nameTrouble = trouble
    let kept = named.filter(nodes.contains)
    let added = nodes.reduce(into: [NodeAddress]()) { added, node in
      if !kept.contains(node), !added.contains(node) { added.append(node) }
    }
    named = kept + added
    judge(now)
  }

  /// What process is at an address, said once a connection and before anything else on it.
  public mutating func describe(_ node: NodeAddress, runID: String) {
    guard watched.contains(node) else { return }
    if runIDs[node] != runID {
      (claimedAt[node], loners[node]) = (nil, nil)
      promotedMeanwhile.remove(node)
      // Not one that was restarted where it was, but one that has its address now.
      if meant == nil, book.observations[node] == nil, superseded[node] != nil, superseded[node] != runID {
        superseded[node] = nil
      }
    }
    runIDs[node] = runID.isEmpty ? nil : runID
  }

  /// A node has spoken, or has failed to.
  /// - Parameter span: when it was asked and when it had answered.
  public mutating func observe(
    _ node: NodeAddress, _ observation: NodeObservation, during span: ClosedRange<Double>
  ) {
    guard watched.contains(node) else { return }
    if let asked = askedAt[node], span.lowerBound < asked { return }
    askedAt[node] = span.lowerBound
    let now = span.upperBound
    if case .answered(let info, _) = observation {
      let before = lastRole[node]
      switch info.role {
      case .replica:
        (turnedAt[node], claimedAt[node], superseded[node]) = (nil, nil, nil)
        promotedMeanwhile.remove(node)
      case .primary:
        if before?.role == .replica, before?.runID == runIDs[node] {
          turnedAt[node] = now
          if isIncumbentAway { promotedMeanwhile.insert(node) }
        }
        if claimedAt[node] == nil { claimedAt[node] = now }
      }
      if loners[node].map({ $0.role != info.role }) == true { loners[node] = nil }
      lastRole[node] = Said(role: info.role, runID: runIDs[node])
    }
    let isPrimary = isHistorian(node, observation)
    book.observe(node, observation, isPrimary: isPrimary, during: span)
    judge(now, askedAt: span.lowerBound)
  }

  /// Nothing was said for a while.
  public mutating func pass(to now: Double) { judge(now) }

  // MARK: -

  /// Whether two addresses are known to mean one node.
  func isSame(_ one: NodeAddress, _ other: NodeAddress) -> Bool {
    if one == other { return true }
    guard let id = runIDs[one], let otherID = runIDs[other] else { return false }
    return id == otherID
  }

  /// Another has taken its place since it said so, and nothing has changed for it: nobody follows it, and it does not go on
  /// from what was written since.
  func isStale(_ node: NodeAddress) -> Bool {
    superseded[node] != nil && followers(of: node).isEmpty && !goesOn(node)
  }

  /// Whether all who can be reached were asked since the last proof ended.
  var isFresh: Bool {
    named.allSatisfy { node in
      guard case .answered = book.observations[node] else { return true }
      return askedAt[node] ?? brokenAt >= brokenAt
    }
  }

  /// Whether it is the word of the primary on its own history. One that is not proven may have begun another.
  private func isHistorian(_ node: NodeAddress, _ observation: NodeObservation) -> Bool {
    guard let incumbent, isSame(incumbent.node, node), case .answered(let info, _) = observation else { return false }
    return incumbent.isUntried || isProven || info.replicationID == book.history
  }

  /// Whoever was proven cannot be reached, or has yet to be heard by a look that has just begun.
  private var isIncumbentAway: Bool {
    guard let incumbent, !isProven else { return false }
    return book.info(of: incumbent.node) == nil
  }

  /// Whether a node was known to go its own way while all was well.
  func isLoner(_ node: NodeAddress) -> Bool { loners[node]?.isKnown ?? false }

  /// What others do beside the proven primary is looked at for as long as it is proven.
  private mutating func noteLoners(_ now: Double) {
    guard isProven, let incumbent else {
      loners = loners.filter(\.value.isKnown)
      return
    }
    for node in named {
      guard let info = book.info(of: node) else { continue }
      let isAlone =
        switch info.role {
        case .primary: !isSame(node, incumbent.node) && followers(of: node).isEmpty
        case .replica: isDissenter(node, from: incumbent.node)
        }
      guard isAlone else {
        loners[node] = nil
        continue
      }
      var loner = loners[node] ?? Loner(since: now, role: info.role)
      if now - loner.since >= Self.rivalPatience { loner.isKnown = true }
      loners[node] = loner
    }
  }

  /// - Parameter asked: when the question was put whose answer is to be judged.
  private mutating func judge(_ now: Double, askedAt asked: Double? = nil) {
    turnedAt = turnedAt.filter { now - $0.value < Self.rivalPatience }
    if isProven, let incumbent, let why = objection(to: incumbent, now) {
      isProven = false
      brokenAt = asked ?? now
      absence = why
    }
    // A primary that the names stand for no more serves until they give another.
    if !isProven || incumbent.map({ !named.contains($0.node) }) == true {
      switch search(now) {
      case .found(let node): adopt(node)
      case .absent(let why): if !isProven { absence = named.isEmpty ? nameTrouble ?? why : why }
      }
    }
    noteLoners(now)
    forgetLeavers()
  }

  private mutating func adopt(_ node: NodeAddress) {
    let isAnother = incumbent.map { !isSame($0.node, node) } ?? true
    if isProven, isAnother, !goesOn(node) { handovers += 1 }
    let former = isAnother ? incumbent?.node : incumbent?.former
    if isAnother {
      for other in claimants + (former.map { [$0] } ?? []) where !isSame(other, node) {
        superseded[other] = runIDs[other] ?? ""
      }
      superseded = superseded.filter { !isSame($0.key, node) }
    }
    incumbent = Incumbent(node: node, runID: runIDs[node], former: former)
    isProven = true
    turnedAt = turnedAt.filter { !isSame($0.key, node) }
    promotedMeanwhile = []
    book.follow(node)
  }

  private mutating func forgetLeavers() {
    let watched = watched
    for node in Array(book.observations.keys) where !watched.contains(node) {
      book.forget(node)
      (runIDs[node], lastRole[node], turnedAt[node], claimedAt[node], askedAt[node]) = (nil, nil, nil, nil, nil)
      promotedMeanwhile.remove(node)
      loners[node] = nil
    }
  }
}
