import TestSupport
import Testing
import Topology

/// What holds whatever nodes say, in whatever order.
@Suite("What holds of every topology")
struct StaticTopologyInvariantTests {
  typealias Told = (node: NodeAddress, observation: NodeObservation)

  private static let nodes = [p, a, b, c, stranger]

  private static func observation(using dice: inout SeededGenerator) -> NodeObservation {
    if Int.random(in: 0..<5, using: &dice) == 0 { return gone }
    let isReplica = Int.random(in: 0..<3, using: &dice) > 0
    let info = ReplicationInfo(
      role: isReplica ? .replica : .primary, replicationID: ["h", "i"].randomElement(using: &dice) ?? "h",
      offset: Int64.random(in: 0..<4, using: &dice), isLinked: !isReplica || Bool.random(using: &dice),
      isSyncing: isReplica && Int.random(in: 0..<4, using: &dice) == 0,
      replicas: isReplica
        ? []
        : nodes.filter { _ in Bool.random(using: &dice) }.shuffled(using: &dice).map {
          .init(address: $0, isOnline: true)
        })
    return .answered(info, isLoading: Int.random(in: 0..<5, using: &dice) == 0)
  }

  private static func story(using dice: inout SeededGenerator) -> [Told] {
    (0..<40).map { _ in (nodes.randomElement(using: &dice) ?? p, observation(using: &dice)) }
  }

  private static func configuration(using dice: inout SeededGenerator) -> [NodeAddress] {
    [[], [a], [a, b, c], [b, p, b]].randomElement(using: &dice) ?? []
  }

  /// Whether another primary is followed while nobody follows the configured one.
  private static func hasRival(_ last: [NodeAddress: NodeObservation]) -> Bool {
    func isFollowed(_ node: NodeAddress) -> Bool {
      guard case .answered(let primary, _) = last[node], primary.role == .primary else { return false }
      return last.contains { other, observation in
        guard other != node, case .answered(let info, _) = observation else { return false }
        return info.role == .replica && info.isLinked && info.replicationID == primary.replicationID
      }
    }
    return !isFollowed(p) && last.keys.contains { $0 != p && isFollowed($0) }
  }

  @Test("After every observation of a random story", arguments: 1...200 as ClosedRange<UInt64>)
  func invariants(seed: UInt64) {
    var dice = SeededGenerator(seed: seed)
    let replicas = Self.configuration(using: &dice)
    // With a bound on lag, the one more reason to be left out is `lagging`.
    let maxLag: Double? = Bool.random(using: &dice) ? 3 : nil
    var topology = StaticTopology(primary: p, replicas: replicas, maxLag: maxLag)
    var now = 0.0
    var last: [NodeAddress: NodeObservation] = [:]
    /// What each replica said when it was last in step.
    var inStep: [NodeAddress: ReplicationInfo] = [:]
    for (node, observation) in Self.story(using: &dice) {
      let isHeard = topology.watched.contains(node)
      now += Double.random(in: 0...2, using: &dice)
      topology.observe(node, observation, during: max(0, now - 1)...now)
      let snapshot = topology.snapshot
      let watched = topology.watched
      if isHeard { last[node] = observation }
      last = last.filter { watched.contains($0.key) }
      if isHeard, case .answered(let info, let isLoading) = observation, info.role == .replica, info.isLinked,
        !info.isSyncing, !isLoading
      {
        inStep[node] = info
      }

      var provesPrimary = false
      var history = ""
      if case .answered(let info, _) = last[p] {
        provesPrimary = info.role == .primary && !Self.hasRival(last.filter { watched.contains($0.key) })
        history = info.replicationID
      }
      #expect(snapshot.primary == (provesPrimary ? p : nil))
      #expect(snapshot.primaryAbsence.isEmpty == provesPrimary)

      for replica in snapshot.fitReplicas {
        guard case .answered(let info, let isLoading) = last[replica] else {
          Issue.record("\(replica) is fit and cannot be reached")
          continue
        }
        #expect(info.role == .replica && !isLoading && !info.isSyncing, "\(replica): \(info)")
        guard !info.isLinked else { continue }
        #expect(!provesPrimary, "\(replica) lags behind \(p)")
        #expect(inStep[replica]?.replicationID == info.replicationID, "\(replica) holds something else: \(info)")
        #expect(inStep[replica].map { $0.offset <= info.offset } == true, "\(replica) has gone back: \(info)")
      }
      #expect(maxLag != nil || !snapshot.replicas.contains { $0.fitness == .lagging })
      if !provesPrimary {
        // A dead primary takes nobody with it: whoever lags has somebody who does not.
        #expect(!snapshot.replicas.contains { $0.fitness == .lagging } || !snapshot.fitReplicas.isEmpty)
        #expect(snapshot.replicas.allSatisfy { !$0.isDirect })
      }
      if provesPrimary {
        for replica in snapshot.replicas where replica.fitness != .fit {
          guard case .answered(let info, let isLoading) = last[replica.node] else { continue }
          // Nobody is left out without a reason. (One that was forgotten and came back has not been heard yet.)
          #expect(
            replica.fitness == .unreachable || info.role == .primary || isLoading || info.isSyncing || !info.isLinked
              || replica.fitness == .otherHistory && info.replicationID != history
              || replica.fitness == .lagging && maxLag != nil && info.replicationID == history)
        }
      }

      #expect(watched.first == p)
      #expect(Set(watched).count == watched.count)
      #expect(watched == [p] + snapshot.replicas.map(\.node))
      if !replicas.isEmpty { #expect(Set(watched) == Set([p] + replicas)) }

      var again = topology
      again.observe(node, observation, during: max(0, now - 1)...now)
      #expect(again.snapshot == snapshot)
      #expect(again.watched == watched)
      #expect(again.isComplete == topology.isComplete)
    }
  }

  /// With configured replicas nobody's word decides whether another is heard, so only each node's own order counts.
  @Test("The order of what different nodes say does not matter", arguments: 1...200 as ClosedRange<UInt64>)
  func order(seed: UInt64) {
    var dice = SeededGenerator(seed: seed)
    let story = Self.story(using: &dice)
    var one = StaticTopology(primary: p, replicas: [a, b, c])
    var other = one
    for (node, observation) in story { one.observe(node, observation) }
    for (node, observation) in Self.reordered(story, using: &dice) { other.observe(node, observation) }
    #expect(one.snapshot == other.snapshot)
    #expect(one.isComplete == other.isComplete)
  }

  /// Nor with learned ones, once they are known and as long as the primary goes on naming them.
  @Test("The order does not matter for replicas that the primary has named", arguments: 1...200 as ClosedRange<UInt64>)
  func orderOfLearned(seed: UInt64) {
    var dice = SeededGenerator(seed: seed)
    let story = Self.story(using: &dice).map { told -> Told in
      guard told.node == p else { return told }
      return (p, Bool.random(using: &dice) ? isPrimary(of: c, a, b, stranger) : gone)
    }
    var one = StaticTopology(primary: p, replicas: [])
    one.observe(p, isPrimary(of: c, a, b, stranger))
    var other = one
    for (node, observation) in story { one.observe(node, observation) }
    for (node, observation) in Self.reordered(story, using: &dice) { other.observe(node, observation) }
    #expect(one.snapshot == other.snapshot)
    #expect(one.watched == other.watched)
  }

  /// The same story with another interleaving: each node's own observations keep their order.
  private static func reordered(_ story: [Told], using dice: inout SeededGenerator) -> [Told] {
    var queues = Dictionary(grouping: story, by: \.node).mapValues { $0[...] }
    var result: [Told] = []
    while let node = nodes.filter({ queues[$0]?.isEmpty == false }).randomElement(using: &dice) {
      if let told = queues[node]?.popFirst() { result.append(told) }
    }
    return result
  }
}
