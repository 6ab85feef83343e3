import Testing
import Topology

/// Who said what when, with a bound of 10 seconds, and who is too far behind after each word.
struct LagStory: CustomTestStringConvertible {
  enum Word {
    case primary(Int64, history: String = "h")
    case replica(NodeAddress, Int64, history: String = "h", linked: Bool = true)
    case lost(NodeAddress)
  }

  var title: String
  /// The end of the question's span, the word, and the replicas that are `lagging` behind it.
  var told: [(at: Double, word: Word, lagging: [NodeAddress])]
  /// How long each answer takes.
  var answering = 0.0

  var testDescription: String { title }
}

@Suite("Replicas that are too far behind")
struct ReplicationLagTests {
  static let proofs: [LagStory] = [
    LagStory(
      title: "In step",
      told: [
        (0, .primary(0), []), (1, .replica(a, 0), []), (10, .primary(100), []), (11, .replica(a, 100), []),
        (20, .primary(200), []), (21, .replica(a, 200), []),
      ]),
    LagStory(
      title: "Behind what the primary had exactly a bound ago",
      told: [
        (0, .primary(50), []), (1, .primary(100), []), (10.9, .replica(a, 99), []), (11, .replica(a, 99), [a]),
        (11.1, .replica(a, 100), [a]), (11.2, .primary(100), [a]), (11.3, .replica(a, 100), []),
      ]),
    LagStory(
      title: "A replica is not behind before the primary has been known for a bound",
      told: [(0, .primary(1000), []), (1, .replica(a, 0), []), (9, .replica(a, 0), []), (10, .replica(a, 0), [a])]),
    LagStory(
      title: "A primary that writes nothing has nobody behind it",
      told: [
        (0, .primary(7), []), (5, .primary(7), []), (10, .replica(a, 7), []), (15, .primary(7), []),
        (1000, .primary(7), []), (1001, .replica(a, 7), []), (5000, .replica(a, 7), []),
      ]),
    LagStory(
      title: "Between the proofs the last one holds",
      told: [
        (0, .primary(100), []), (5, .primary(200), []), (10, .primary(300), []),
        // At 12 it has what the primary had at 2 and not what it had at 5: within or not, nobody can tell.
        (12, .replica(a, 150), []), (12, .replica(b, 99), [b]), (12.5, .replica(b, 150), [b]),
        (13, .replica(b, 200), []), (14, .replica(b, 150), []),
      ]),
    LagStory(
      title: "Each replica by itself",
      told: [
        (0, .primary(100), []), (10, .replica(a, 50), [a]), (10, .replica(b, 100), [a]), (10, .replica(c, 0), [a, c]),
        (11, .primary(100), [a, c]), (12, .replica(a, 100), [c]),
      ]),
    LagStory(
      title: "A replica that stands still while its link seems well",
      told: [
        (0, .primary(0), []), (1, .replica(a, 0), []), (5, .primary(100), []), (6, .replica(a, 0), []),
        (10, .primary(200), []), (11, .replica(a, 0), []), (15, .primary(300), []), (16, .replica(a, 0), [a]),
      ]),
  ]

  static let spans: [LagStory] = [
    // An answer that took two seconds to come may be two seconds old: of the primary's it counts when it came, of the
    // replica's when it was asked for.
    LagStory(
      title: "Slow answers prove less",
      told: [
        (2, .primary(100), []), (12, .replica(a, 50), []), (13.9, .replica(a, 50), []), (14, .replica(a, 50), [a]),
        // Asked at 14, the primary may have gone on by 16; at 26 that is not within for sure.
        (16, .primary(200), [a]), (25, .replica(a, 200), [a]), (26, .primary(300), [a]), (26, .replica(a, 300), []),
      ], answering: 2)
  ]

  static let histories: [LagStory] = [
    LagStory(
      title: "What another history's offsets say proves nothing",
      told: [
        (0, .primary(100), []), (10, .replica(a, 0), [a]), (11, .replica(a, 0, history: "i"), []),
        (12, .primary(5, history: "i"), []), (13, .replica(a, 0, history: "i"), []),
        (22, .replica(a, 0, history: "i"), [a]),
      ]),
    LagStory(
      title: "What it said while it followed another primary is forgotten when it is back",
      told: [
        (0, .primary(100), []), (5, .primary(200), []), (10, .primary(300), []),
        (11, .replica(a, 0, history: "i"), []), (12, .replica(a, 150), []), (12, .replica(b, 0), [b]),
        (13, .replica(b, 999, history: "i"), []), (14, .replica(b, 150), [b]),
      ]),
    LagStory(
      title: "Servers that name no history",
      told: [(0, .primary(100, history: ""), []), (20, .replica(a, 0, history: ""), []), (40, .replica(a, 0), [])]),
    LagStory(
      title: "The primary restarts with less",
      told: [
        (0, .primary(100), []), (10, .replica(a, 50), [a]), (11, .lost(p), []), (12, .primary(40), []),
        (13, .replica(a, 40), []), (21, .replica(a, 39), []), (22, .replica(a, 39), [a]),
      ]),
    LagStory(
      title: "What was asked before is not heard after",
      told: [
        (100, .primary(100), []), (110, .replica(a, 0), [a]), (5, .primary(200), [a]), (6, .replica(a, 200), [a]),
      ]),
    LagStory(
      title: "A link that is down is that first",
      told: [
        (0, .primary(100), []), (10, .replica(a, 0, linked: false), []), (11, .replica(a, 0), [a]),
        (12, .primary(100), [a]), (13, .replica(a, 100, linked: false), []), (14, .replica(a, 100), []),
      ]),
    LagStory(
      title: "One that was behind and is gone is unreachable, and behind until it is proven otherwise",
      told: [
        (0, .primary(100), []), (10, .replica(a, 0), [a]), (11, .lost(a), []), (12, .replica(a, 100), [a]),
        (13, .primary(100), [a]), (14, .replica(a, 100), []),
      ]),
  ]

  /// The floor: what the last word leaves fit while there is no primary.
  static let orphans: [LagStory] = [
    LagStory(
      title: "All lag and the primary goes: the furthest stay",
      told: [
        (0, .primary(100), []), (10, .replica(a, 50), [a]), (10, .replica(b, 60), [a, b]),
        (10, .replica(c, 60), [a, b, c]), (11, .lost(p), [a]), (12, .lost(b), [a]), (13, .lost(c), []),
        (14, .replica(b, 60, linked: false), [a]), (15, .primary(100), [a]),
      ]),
    LagStory(
      title: "One does not lag: the others stay out",
      told: [(0, .primary(100), []), (10, .replica(a, 50), [a]), (10, .replica(b, 100), [a]), (11, .lost(p), [a])]),
    LagStory(
      title: "Nobody can have more than the one that was in step",
      told: [
        (0, .primary(100), []), (10, .replica(a, 50), [a]), (10, .replica(b, 100), [a]), (11, .lost(p), [a]),
        (12, .replica(a, 100), []),
      ]),
    LagStory(
      title: "Without a primary what it last had goes on being a bound old",
      told: [
        (0, .primary(100), []), (1, .replica(a, 100), []), (1, .replica(b, 90), []), (2, .lost(p), []),
        (9, .replica(b, 90, linked: false), []), (10, .replica(b, 90, linked: false), [b]), (11, .lost(a), []),
      ]),
    LagStory(
      title: "The last one stays",
      told: [(0, .primary(100), []), (10, .replica(a, 1), [a]), (11, .lost(p), []), (12, .replica(a, 1), [])]),
  ]

  @Test("Stories", arguments: proofs + spans + histories + orphans)
  func stories(story: LagStory) {
    var topology = StaticTopology(primary: p, replicas: [a, b, c], maxLag: 10)
    topology.lose(a, b, c)
    for (index, (end, word, lagging)) in story.told.enumerated() {
      let span = max(0, end - story.answering)...end
      switch word {
      case .primary(let offset, let history):
        topology.observe(
          p,
          .answered(ReplicationInfo(role: .primary, replicationID: history, offset: offset), isLoading: false),
          during: span)
      case .replica(let node, let offset, let history, let linked):
        topology.observe(node, isReplica(linked: linked, history: history, offset: offset), during: span)
      case .lost(let node):
        topology.observe(node, gone, during: end...end)
      }
      let found = topology.snapshot.replicas.filter { $0.fitness == .lagging }.map(\.node)
      #expect(found == lagging, "word \(index): \(word) at \(end)")
    }
  }

  @Test("Without a bound nobody lags")
  func off() {
    var topology = StaticTopology(primary: p, replicas: [a])
    topology.observe(p, isPrimaryAt(100), during: 0...0)
    topology.observe(a, isReplica(offset: 0), during: 1e6...1e6)
    #expect(topology.snapshot.fitReplicas == [a])
    #expect(StaticTopology.interval(forMaxLag: nil) == nil)
    #expect(StaticTopology.interval(forMaxLag: 0.1) == 0.05)
  }

  @Test("A primary that loads says nothing of its offset, and a replica that loads nothing of its own")
  func loading() {
    var topology = StaticTopology(primary: p, replicas: [a], maxLag: 10)
    let loading = ReplicationInfo(role: .primary, replicationID: "h", offset: 1000)
    topology.observe(p, .answered(loading, isLoading: true), during: 0...0)
    topology.observe(a, isReplica(offset: 0), during: 20...20)
    #expect(topology.snapshot.fitReplicas == [a])
    topology.observe(p, isPrimaryAt(1000), during: 21...21)
    topology.observe(a, isReplica(loading: true, offset: 0), during: 40...40)
    #expect(topology.snapshot.replicas.map(\.fitness) == [.loading])
  }

  @Test("A replica that was forgotten is not judged by what it was")
  func forgotten() {
    var topology = StaticTopology(primary: p, replicas: [], maxLag: 10)
    func primary(_ offset: Int64, of replicas: NodeAddress...) -> NodeObservation {
      .answered(
        ReplicationInfo(
          role: .primary, replicationID: "h", offset: offset,
          replicas: replicas.map { .init(address: $0, isOnline: true) }),
        isLoading: false)
    }
    topology.observe(p, primary(100, of: a), during: 0...0)
    topology.observe(a, isReplica(offset: 0), during: 10...10)
    #expect(topology.snapshot.replicas.map(\.fitness) == [.lagging])
    topology.observe(a, gone, during: 11...11)
    topology.observe(p, primary(100), during: 12...12)
    topology.observe(p, primary(100, of: a), during: 13...13)
    // It has less than the primary has now, and nothing tells since when.
    topology.observe(a, isReplica(offset: 100), during: 30...30)
    #expect(topology.snapshot.replicas.map(\.fitness) == [.fit])
  }

  /// However often the primary is asked and however long the bound: the proof comes in time, and the memory is bounded.
  @Test("Any bound, any heartbeat", arguments: [0.1, 1, 10, 60, 3600], [0.01, 0.05, 1])
  func density(bound: Double, beat: Double) {
    let beat = min(beat, bound / 2)
    var topology = StaticTopology(primary: p, replicas: [a, b], maxLag: bound)
    var now = 0.0
    var offset: Int64 = 0
    var found: Double?
    let beats = min(20_000, Int(4 * bound / beat))
    let step = max(beat, 4 * bound / Double(beats))
    for _ in 0..<beats {
      now += step
      offset += 1
      topology.observe(p, isPrimaryAt(offset), during: now...now)
      topology.observe(a, isReplica(offset: 0), during: now...now)
      topology.observe(b, isReplica(offset: offset), during: now...now)
      let fitness = topology.snapshot.replicas.map(\.fitness)
      #expect(fitness.last == .fit)
      if found == nil, fitness.first == .lagging { found = now }
    }
    // It has missed everything since the first step.
    #expect(found.map { $0 >= bound && $0 <= bound * 1.04 + 2 * step } == true, "found at \(String(describing: found))")
    topology.observe(a, isReplica(offset: offset), during: now...now)
    #expect(topology.snapshot.fitReplicas == [a, b])
  }
}

private func isPrimaryAt(_ offset: Int64) -> NodeObservation {
  .answered(ReplicationInfo(role: .primary, replicationID: "h", offset: offset), isLoading: false)
}
