import Testing
import Topology

/// A set of three nodes and three Sentinels that speak when a test says so, and the topology that hears them.
struct SentinelStory {
  static let ids = ["s1", "s2", "s3"]
  static func sentinel(_ id: String) -> NodeAddress { NodeAddress(host: id, port: 26379) }

  var topology = SentinelTopology(name: "mymaster")
  var now = 0.0

  mutating func wait(_ seconds: Double) {
    now += seconds
    topology.pass(to: now)
  }

  /// A Sentinel answers what it is asked now.
  mutating func answer(
    _ id: String, _ primary: NodeAddress, epoch: UInt64, deposed: NodeAddress? = nil, failing: Bool = false,
    down: Bool = false, selected: NodeAddress? = nil
  ) {
    now += 0.001
    topology.answered(
      Self.answer(id, primary, epoch: epoch, deposed: deposed, failing: failing, down: down, selected: selected),
      by: id,
      at: Self.sentinel(id), during: now...now)
  }

  static func answer(
    _ id: String, _ primary: NodeAddress, epoch: UInt64, deposed: NodeAddress? = nil, failing: Bool = false,
    down: Bool = false, selected: NodeAddress? = nil
  ) -> SentinelAnswer {
    SentinelAnswer(
      primary: primary, deposed: deposed, configEpoch: epoch, isFailingOver: failing, isDown: down,
      replicas: [p, a, b].filter { $0 != (deposed ?? primary) }.map { .init(address: $0, isSelected: $0 == selected) },
      peers: ids.filter { $0 != id }.map { .init(id: $0, address: sentinel($0)) })
  }

  mutating func answerAll(_ primary: NodeAddress, epoch: UInt64) {
    for id in Self.ids { answer(id, primary, epoch: epoch) }
  }

  /// One of two Sentinels that were made anew.
  mutating func remade(_ id: String, _ primary: NodeAddress, epoch: UInt64) {
    now += 0.001
    var answer = Self.answer(id, primary, epoch: epoch)
    answer.peers = ["t1", "t2"].filter { $0 != id }.map { .init(id: $0, address: Self.sentinel($0)) }
    topology.answered(answer, by: id, at: Self.sentinel(id), during: now...now)
  }

  mutating func event(_ id: String, _ event: SentinelEvent) {
    now += 0.001
    topology.happened(event, at: id, now: now)
  }

  mutating func node(_ node: NodeAddress, _ info: ReplicationInfo, runID: String? = nil) {
    now += 0.001
    topology.describe(node, runID: runID ?? "run-\(node.host)")
    topology.observe(node, .answered(info, isLoading: false), during: now...now)
  }

  mutating func lose(_ node: NodeAddress) {
    now += 0.001
    topology.observe(node, gone, during: now...now)
  }

  mutating func lose(sentinel id: String) {
    now += 0.001
    topology.lost(sentinelAt: Self.sentinel(id), why: "connection refused", now: now)
  }

  var primary: NodeAddress? { topology.snapshot.primary }
  var why: String { topology.snapshot.primaryAbsence }

  /// `p` is the primary of `a` and `b`, at config epoch 1, and proven.
  static func settled() -> SentinelStory {
    var story = SentinelStory()
    story.answerAll(p, epoch: 1)
    story.node(p, primaryInfo("h0"))
    for replica in [a, b] { story.node(replica, replicaInfo(of: p, "h0")) }
    return story
  }
}

func primaryInfo(_ history: String, after old: String = "") -> ReplicationInfo {
  ReplicationInfo(role: .primary, replicationID: history, previousReplicationID: old)
}

func replicaInfo(of primary: NodeAddress, _ history: String, linked: Bool = true) -> ReplicationInfo {
  ReplicationInfo(role: .replica, replicationID: history, isLinked: linked, primary: primary)
}
