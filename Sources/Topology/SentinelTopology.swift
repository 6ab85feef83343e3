/// Turns what Sentinels and nodes say into a topology.
///
/// A value without clock or socket: statements go in, in any order, ``snapshot``, ``watched`` and ``sentinels`` come out.
/// No single witness is believed. A node is the primary only while
/// 1. the source names it: the answer with the highest config epoch among all Sentinels, and every Sentinel that can be
///    reached (or most of those known) has answered since the last evidence against a primary; and
/// 2. it says `role:master` itself, asked after the last evidence against it.
///
/// *First evidence stops.* An event or answer that shows a failover against the primary is a ``Doubt``; so is a replica
/// that turned into a primary, a change of the primary's role, the loss of its connection. Events never prove: they have
/// no epoch, and one that is late would prove yesterday's primary.
///
/// *Two proofs besides the plain one*, both in `SentinelTopology+Proof.swift` with the reason why they are safe: the
/// replica that a failover has selected, as soon as it says that it is the primary (a second before any Sentinel names
/// it); and the node to which the named primary has handed over by hand.
///
/// Nodes are compared by run id where it is known, since Sentinels may call one node by its name and by its address.
public struct SentinelTopology: Sendable {
  /// The master name, as Sentinel's configuration has it.
  let name: String
  var book: ReplicaBook
  var watchedNodes: [NodeAddress] = []
  var runIDs: [NodeAddress: String] = [:]
  /// When each node was asked for what it last said.
  var askedAt: [NodeAddress: Double] = [:]
  /// When a node that said that it was a replica said for the first time that it is a primary, in one life of it.
  var turnedAt: [NodeAddress: Double] = [:]
  /// The last evidence against a node as the primary.
  var accusedAt: [NodeAddress: Double] = [:]

  /// By their own ids.
  var views: [String: SentinelView] = [:]
  var doubts: [Doubt] = []

  var proof: Proof?
  var lastProof: Proof?
  /// When the last proof ended.
  var brokenAt = -Double.infinity
  var absence = ""
  /// The highest epoch at which a primary was proven by name, and the Sentinels that have said as much.
  var floor: (epoch: UInt64, proof: Proof)?
  var witnesses: Set<String> = []
  /// Nodes that another was proven in the place of, by run id, and at which epoch.
  var superseded: [String: UInt64] = [:]

  public init(name: String, maxLag: Double? = nil) {
    self.name = name
    book = ReplicaBook(maxLag: maxLag)
    absence = "no sentinel has answered yet"
  }

  /// Goes on from what another knows of the same nodes' past: whom a look that begins now must not go back to.
  public mutating func goOn(from other: SentinelTopology) {
    guard other.name == name else { return }
    floor = other.floor
    witnesses = other.witnesses
    superseded = other.superseded
  }

  // MARK: - What comes out

  /// The nodes to keep an eye on.
  public var watched: [NodeAddress] { watchedNodes }

  /// Every Sentinel that is known by address.
  public var sentinels: [NodeAddress] {
    views.values.compactMap(\.address).sorted { ($0.host, $0.port) < ($1.host, $1.port) }
  }

  /// Whom Sentinel names, believed or not.
  public var named: NodeAddress? {
    if case .one(let node, _) = claim { node } else { nil }
  }

  /// Something is going on or is not proven: all must be asked often.
  public var isUnsettled: Bool {
    guard let proof else { return true }
    return proof.basis != .named || !doubts.isEmpty || turnedAt.keys.contains { !isSame($0, proof.node) }
  }

  /// Whether all that is known has been heard of, for good or bad, and no more is to be waited for.
  public var isComplete: Bool {
    guard views.values.contains(where: { $0.answer != nil || $0.knownNames != nil }) else { return false }
    return views.values.allSatisfy { $0.isDecided } && watchedNodes.allSatisfy { book.observations[$0] != nil }
  }

  public var snapshot: TopologySnapshot {
    let primary = proof?.node
    var replicas: [NodeAddress] = []
    for node in watchedNodes where primary.map({ !isSame($0, node) }) ?? true {
      // While there is no primary, the one that is named counts as a replica only if it says so.
      if primary == nil, let named, isSame(named, node), book.info(of: node)?.role != .replica { continue }
      if !replicas.contains(where: { isSame($0, node) }) { replicas.append(node) }
    }
    return TopologySnapshot(
      primary: primary, primaryAbsence: primary == nil ? absence : "",
      primaryProof: proof.map { $0.sentence } ?? "", epoch: proof?.epoch ?? lastProof?.epoch ?? 0,
      replicas: avoidingSuspects(book.judge(replicas, under: primary)))
  }

  /// Takes the replicas out that most Sentinels hold to be down: what they cannot reach, we may be about to lose. Our own
  /// look is the better evidence, so the last ones stay, and while there is no primary all of them.
  private func avoidingSuspects(_ replicas: [TopologySnapshot.Replica]) -> [TopologySnapshot.Replica] {
    guard proof != nil else { return replicas }
    let live = views.values.filter { !$0.isLost }.compactMap(\.answer)
    func isSuspect(_ node: NodeAddress) -> Bool {
      2 * live.count { $0.replicas.contains { $0.isDown && isSame($0.address, node) } } > live.count
    }
    guard replicas.contains(where: { $0.fitness == .fit && !isSuspect($0.node) }) else { return replicas }
    return replicas.map { replica in
      guard replica.fitness == .fit, isSuspect(replica.node) else { return replica }
      return .init(node: replica.node, fitness: .avoided, isDirect: replica.isDirect)
    }
  }

  // MARK: - What goes in. Times are seconds of a clock that does not go back.

  /// A Sentinel, reached as `address`, has answered.
  /// - Parameter span: when it was asked and when it had answered.
  public mutating func answered(
    _ answer: SentinelAnswer, by sentinel: String, at address: NodeAddress, during span: ClosedRange<Double>
  ) {
    var view = views[sentinel] ?? SentinelView(address: nil)
    // Answers of two connections to one Sentinel may overtake each other.
    guard span.lowerBound >= view.askedAt else { return }
    view.links.insert(address)
    if view.answer?.primary != answer.primary || view.answer?.configEpoch != answer.configEpoch {
      view.namesSince = span.upperBound
    }
    view.answer = answer
    view.askedAt = span.lowerBound
    view.knownNames = nil
    views[sentinel] = view
    meet(answer.peers)
    weigh(answer, of: sentinel, askedAt: span.lowerBound, now: span.upperBound)
    watch()
    judge(span.upperBound)
  }

  /// A Sentinel has no set of this name; it knows these.
  public mutating func denied(knowing names: [String], by sentinel: String, at address: NodeAddress, now: Double) {
    var view = views[sentinel] ?? SentinelView(address: nil)
    view.links.insert(address)
    view.knownNames = names
    view.answer = nil
    views[sentinel] = view
    judge(now)
  }

  /// A Sentinel cannot be reached as `address` any more, or could not.
  public mutating func lost(sentinelAt address: NodeAddress, why: String, now: Double) {
    for (id, var view) in views where view.links.contains(address) || view.address == address {
      let wasLive = !view.isLost
      view.links.remove(address)
      if view.links.isEmpty {
        view.failure = why
        if wasLive { view.lostAt = now }
      }
      views[id] = view
    }
    if views.values.allSatisfy({ $0.answer == nil }), proof == nil { absence = "no sentinel answers: \(why)" }
    judge(now)
  }

  /// A Sentinel has published something.
  public mutating func happened(_ event: SentinelEvent, at sentinel: String, now: Double) {
    switch event {
    case .failover(let primary):
      doubt(primary, .failover, "a failover of \(primary) is under way", by: sentinel, now)
    case .selected(let node, let primary):
      doubt(
        primary, .failover, "a failover of \(primary) to \(node) is under way", by: sentinel, selecting: node, now)
    case .switched(let old, let new):
      doubt(old, .failover, "Sentinel has switched from \(old) to \(new)", by: sentinel, now)
    case .down(let primary):
      doubt(primary, .down, "Sentinel holds \(primary) to be down", by: sentinel, now)
    case .changed: break
    }
    judge(now)
  }

  /// What process is at an address, said once a connection and before anything else on it.
  public mutating func describe(_ node: NodeAddress, runID: String) {
    guard watchedNodes.contains(node) else { return }
    if runIDs[node] != runID { turnedAt[node] = nil }
    runIDs[node] = runID
  }

  /// A node was reached at the IP literal that its name stands for.
  public mutating func locate(_ node: NodeAddress, at literal: NodeAddress) { book.locate(node, at: literal) }

  /// A node has spoken, or has failed to.
  /// - Parameter span: when it was asked and when it had answered.
  public mutating func observe(
    _ node: NodeAddress, _ observation: NodeObservation, during span: ClosedRange<Double>
  ) {
    guard watchedNodes.contains(node) else { return }
    if let asked = askedAt[node], span.lowerBound < asked { return }
    askedAt[node] = span.lowerBound
    let before = lastRole[node]
    if case .answered(let info, _) = observation {
      switch info.role {
      case .replica: turnedAt[node] = nil
      case .primary: if before?.role == .replica, before?.runID == runIDs[node] { turnedAt[node] = span.upperBound }
      }
      lastRole[node] = Said(role: info.role, runID: runIDs[node])
    }
    let isPrimary = proof.map { isSame($0.node, node) } ?? false
    book.observe(node, observation, isPrimary: isPrimary, during: span)
    watch()
    judge(span.upperBound)
  }

  /// Nothing was said for a while.
  public mutating func pass(to now: Double) { judge(now) }

  // MARK: - Who is who

  struct Said {
    var role: ReplicationInfo.Role
    var runID: String?
  }
  /// What each node last said of its role, and in which life, even if it is silent now.
  var lastRole: [NodeAddress: Said] = [:]

  /// Whether two addresses are known to mean one node.
  func isSame(_ one: NodeAddress, _ other: NodeAddress) -> Bool {
    if one == other { return true }
    if let id = runIDs[one], !id.isEmpty, let otherID = runIDs[other], !otherID.isEmpty { return id == otherID }
    return book.isSamePlace(one, other)
  }

  /// Makes room for Sentinels that others have named.
  private mutating func meet(_ peers: [SentinelAnswer.Peer]) {
    for peer in peers { views[peer.id, default: SentinelView(address: nil)].address = peer.address }
    // Those that never answered, or are long silent, and that nobody names any more, are gone for good.
    let live = views.values.filter { !$0.isLost }.compactMap(\.answer)
    let listed = Set(live.flatMap { $0.peers.map(\.id) })
    let latest = views.values.map(\.askedAt).max() ?? 0
    for (id, view) in views
    where view.isLost && !listed.contains(id) && latest - view.lostAt > Self.sentinelPatience {
      views[id] = nil
    }
  }

  /// Finds out anew which nodes to watch. One that no Sentinel names any more is kept while it follows the primary: after
  /// `SENTINEL RESET` a Sentinel needs seconds to find the replicas again.
  private mutating func watch() {
    let answers = views.sorted { $0.key < $1.key }.map(\.value)
    let live = answers.contains { !$0.isLost && $0.answer != nil }
    var wanted: [NodeAddress] = []
    for answer in answers where !live || !answer.isLost {
      guard let answer = answer.answer else { continue }
      wanted += [answer.primary] + (answer.deposed.map { [$0] } ?? []) + answer.replicas.map(\.address)
    }
    if let proof { wanted.append(proof.node) }
    // Who is meant by evidence is known from what is at the address.
    wanted += doubts.map(\.against).filter(watchedNodes.contains)
    for node in wanted where !watchedNodes.contains(node) { watchedNodes.append(node) }
    for node in watchedNodes where !wanted.contains(node) {
      if let info = book.info(of: node), info.role == .replica, info.isLinked, book.isOurs(info, under: proof?.node) {
        continue
      }
      watchedNodes.removeAll { $0 == node }
      book.forget(node)
      for path in [\SentinelTopology.askedAt, \.turnedAt, \.accusedAt] { self[keyPath: path][node] = nil }
      runIDs[node] = nil
      lastRole[node] = nil
    }
  }
}

/// What is known of one Sentinel.
struct SentinelView: Sendable {
  /// As other Sentinels name it; nothing for one that was only reached as configured.
  var address: NodeAddress?
  /// As what it is reached.
  var links: Set<NodeAddress> = []
  /// Why it was not reached, when that was last tried.
  var failure: String?
  var lostAt = -Double.infinity
  var answer: SentinelAnswer?
  /// Since when it is known to name the primary that it names, at its epoch.
  var namesSince = -Double.infinity
  /// When it was asked for its last answer.
  var askedAt = -Double.infinity
  /// The sets that it knows, when ours is not among them.
  var knownNames: [String]?

  /// It was tried or has answered, and is not there now.
  var isLost: Bool { links.isEmpty && failure != nil }
  var isDecided: Bool { !links.isEmpty || failure != nil }
}

/// Why a node is believed to be the primary.
struct Proof: Sendable, Equatable {
  enum Basis: Sendable, Equatable {
    case named
    /// Selected by the failover of that primary, and it says that it is one.
    case promoted(insteadOf: NodeAddress)
    /// That primary, which Sentinel names, has made itself its replica.
    case handover(from: NodeAddress)
    /// Promoted by a failover that no Sentinel is left to tell the end of; but all replicas follow it.
    case agreed
  }
  var node: NodeAddress
  var runID: String?
  var epoch: UInt64
  var basis: Basis

  /// Continues the node's name.
  var sentence: String {
    switch basis {
    case .named: "named by Sentinel at config epoch \(epoch)"
    case .promoted(let old): "promoted in the failover of \(old)"
    case .agreed: "all replicas follow it; no sentinel answers"
    case .handover(let old): "\(old) follows it; Sentinel still names \(old)"
    }
  }
}

/// Evidence that a Sentinel has given against a node as the primary. It stands until the same Sentinel, asked afterwards,
/// sees no failover any more, or until that Sentinel has been silent for long.
struct Doubt: Sendable, Equatable {
  enum Kind: Sendable, Equatable { case failover, down }
  var sentinel: String
  var against: NodeAddress
  var kind: Kind
  /// Whom the failover promotes, once that is known.
  var selected: NodeAddress?
  /// Under which config epoch the node was the named one when this arose; nothing when it was not.
  var epoch: UInt64?
  var since: Double
  var last: Double
  var sentence: String
}
