/// Turns what nodes say of themselves into a topology when the configuration names the primary.
///
/// A value without clock or socket: observations go in, ``snapshot`` and ``watched`` come out.
/// The primary is believed only when it is the configured one *and* says `role:master`, or when another has taken its place:
/// exactly one watched node says that it is a primary, it goes on from the configured one's history, and those who can be
/// asked agree by following it (`StaticTopology+Succession.swift`).
/// Replicas are those configured, or else those that the primary has named and that still follow it.
public struct StaticTopology: Sendable {
  let configuredPrimary: NodeAddress
  private let configuredReplicas: [NodeAddress]
  private var learnedReplicas: [NodeAddress] = []
  var book: ReplicaBook
  /// Who has taken the place of the configured primary.
  var successor: NodeAddress?

  /// - Parameter maxLag: setting `reads.max-lag`, in seconds.
  public init(primary: NodeAddress, replicas: [NodeAddress], maxLag: Double? = nil) {
    configuredPrimary = primary
    book = ReplicaBook(maxLag: maxLag)
    configuredReplicas = replicas.reduce(into: []) { kept, replica in
      if replica != primary && !kept.contains(replica) { kept.append(replica) }
    }
  }

  /// Goes on from what another knows of the same configured primary: a look that begins now must not believe a deposed one
  /// that came back, nor miss whoever has taken its place.
  public mutating func goOn(from other: StaticTopology) {
    guard other.configuredPrimary == configuredPrimary else { return }
    learnedReplicas = other.learnedReplicas
    successor = other.successor
    book.goOn(from: other.book)
  }

  /// The nodes to keep an eye on, the primary first.
  public var watched: [NodeAddress] { [configuredPrimary] + replicaAddresses }

  /// Whether every watched node has said something or failed to.
  public var isComplete: Bool { watched.allSatisfy { book.observations[$0] != nil } }

  /// How often nodes must be asked so that lag is noticed in time, in seconds; nothing when that does not matter.
  public static func interval(forMaxLag maxLag: Double?) -> Double? { maxLag.map(ReplicationLag.interval) }

  /// - Parameter span: when the node was asked and when it had answered (or failed to), in seconds of a clock that does
  ///   not go back.
  public mutating func observe(
    _ node: NodeAddress, _ observation: NodeObservation, during span: ClosedRange<Double>
  ) {
    guard watched.contains(node) else { return }
    book.observe(node, observation, isPrimary: node == successor ?? configuredPrimary, during: span)
    succeed()
    if node == successor ?? configuredPrimary { learnReplicas() }
  }

  /// A node was reached at the IP literal that its name stands for.
  public mutating func locate(_ node: NodeAddress, at literal: NodeAddress) { book.locate(node, at: literal) }

  public var snapshot: TopologySnapshot {
    let (primary, absence) = provenPrimary
    var replicas = replicaAddresses
    if let successor {
      replicas.removeAll { $0 == successor }
      replicas.append(configuredPrimary)
    }
    return TopologySnapshot(
      primary: primary, primaryAbsence: absence,
      primaryProof: successor == nil ? "" : "it has taken the place of \(configuredPrimary)",
      replicas: book.judge(replicas, under: primary))
  }

  var replicaAddresses: [NodeAddress] { configuredReplicas.isEmpty ? learnedReplicas : configuredReplicas }

  private var provenPrimary: (NodeAddress?, absence: String) {
    if let successor { return proof(ofSuccessor: successor) }
    if let rival { return (nil, "both \(configuredPrimary) and \(rival) say that they are the primary") }
    return switch book.observations[configuredPrimary] {
    case nil: (nil, "the primary \(configuredPrimary) has not answered yet")
    case .lost(let why): (nil, "no connection to the primary \(configuredPrimary): \(why)")
    case .answered(let info, _) where info.role == .replica:
      (
        nil,
        "\(configuredPrimary) is configured as the primary but says that it is a replica"
          + (info.primary.map { " of \($0)" } ?? "")
      )
    case .answered: (configuredPrimary, "")
    }
  }

  /// A replica that left the primary's list is forgotten only when it does not follow any more itself: a list is a
  /// second old, and a replica that restarts comes back to it.
  private mutating func learnReplicas() {
    guard configuredReplicas.isEmpty, let info = book.info(of: successor ?? configuredPrimary), info.role == .primary
    else { return }
    // A primary behind a translated address may name itself; it is not its own replica.
    var named = info.replicas.map(\.address).filter { !book.isSamePlace($0, configuredPrimary) }
    if let successor { named.append(successor) }
    for address in named where !learnedReplicas.contains(address) { learnedReplicas.append(address) }
    for address in learnedReplicas where !named.contains(address) {
      if let own = book.info(of: address), own.role == .replica, own.isLinked,
        book.isOurs(own, under: successor ?? configuredPrimary)
      {
        continue
      }
      learnedReplicas.removeAll { $0 == address }
      book.forget(address)
    }
  }
}
