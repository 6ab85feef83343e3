import Testing
import Topology

/// What a topology was told, and what it must make of it.
struct Story: CustomTestStringConvertible {
  var title: String
  var replicas: [NodeAddress] = []
  var told: [(node: NodeAddress, observation: NodeObservation)]
  var primary: NodeAddress? = p
  /// Part of the sentence for clients; empty when there is a primary.
  var absence = ""
  var expected: [(node: NodeAddress, fitness: ReplicaFitness)]

  var testDescription: String { title }

  func play() -> StaticTopology {
    var topology = StaticTopology(primary: p, replicas: replicas)
    for (node, observation) in told { topology.observe(node, observation) }
    return topology
  }
}

@Suite("Who is who, when the configuration names the primary")
struct StaticTopologyTests {
  static let primaries: [Story] = [
    Story(
      title: "Nothing is known yet", told: [], primary: nil, absence: "the primary p:6379 has not answered yet",
      expected: []),
    Story(title: "The primary says that it is one", told: [(p, isPrimary())], expected: []),
    Story(
      title: "The primary cannot be reached", told: [(p, gone)], primary: nil,
      absence: "no connection to the primary p:6379: connection refused", expected: []),
    Story(
      title: "The configured primary is a replica", told: [(p, isReplica(of: a))], primary: nil,
      absence: "p:6379 is configured as the primary but says that it is a replica of a:6379", expected: []),
    Story(
      title: "The primary was one and is a replica now", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica()), (p, isReplica(of: a)), (a, isPrimary(of: p))], primary: nil,
      absence: "p:6379, which was, does not follow it", expected: [(a, .notReplica)]),
    Story(
      title: "The primary is lost and comes back", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica()), (p, gone), (p, isPrimary())], expected: [(a, .fit)]),
    Story(
      title: "A replica that says it is the primary does not become it", replicas: [a],
      told: [(p, gone), (a, isPrimary())], primary: nil, absence: "connection refused", expected: [(a, .notReplica)]),
    Story(
      title: "A node that is both is the primary only", replicas: [p, a, p],
      told: [(p, isPrimary(of: a)), (a, isReplica())], expected: [(a, .fit)]),
    Story(
      title: "A primary that names itself as its replica is the primary only",
      told: [(p, isPrimary(of: p, a)), (a, isReplica())], expected: [(a, .fit)]),
    Story(
      title: "A primary that named itself is not read from as a replica",
      told: [(p, isPrimary(of: p)), (p, isReplica(of: a))], primary: nil, absence: "says that it is a replica",
      expected: []),
    Story(
      title: "A replica that is configured twice is there once", replicas: [a, b, a],
      told: [(p, isPrimary()), (a, isReplica()), (b, isReplica())], expected: [(a, .fit), (b, .fit)]),
  ]

  static let replicas: [Story] = [
    Story(
      title: "Replicas are learned from the primary, in its order",
      told: [(p, isPrimary(of: b, a)), (a, isReplica()), (b, gone)],
      expected: [(b, .unreachable), (a, .fit)]),
    Story(
      title: "Nobody is heard who is not known",
      told: [(stranger, isReplica()), (a, isReplica()), (p, isPrimary(of: a))], primary: nil,
      absence: "the nodes have not all answered yet",
      expected: [(a, .unreachable)]),
    Story(
      title: "With configured replicas, others are not learned", replicas: [a],
      told: [(p, isPrimary(of: a, b)), (a, isReplica()), (b, isReplica())], expected: [(a, .fit)]),
    Story(
      title: "A configured replica counts although the primary does not name it", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica())], expected: [(a, .fit)]),
    Story(
      title: "A replica names others only if it is the primary", told: [(p, isReplica(of: a)), (b, isReplica())],
      primary: nil, absence: "says that it is a replica", expected: []),
    Story(
      title: "A replica left the list but is linked",
      told: [(p, isPrimary(of: a, b)), (a, isReplica()), (b, isReplica()), (p, isPrimary(of: b))],
      expected: [(a, .fit), (b, .fit)]),
    Story(
      title: "A replica left the list and lost its link",
      told: [
        (p, isPrimary(of: a, b)), (a, isReplica()), (b, isReplica()), (a, isReplica(linked: false)),
        (p, isPrimary(of: b)),
      ], expected: [(b, .fit)]),
    Story(
      title: "A replica left the list and is gone",
      told: [(p, isPrimary(of: a, b)), (a, isReplica()), (b, gone), (a, gone), (p, isPrimary(of: b))],
      expected: [(b, .unreachable)]),
    Story(
      title: "A replica left the list before it was heard of", told: [(p, isPrimary(of: a)), (p, isPrimary())],
      expected: []),
    Story(
      title: "A replica that left is new when it comes back",
      told: [
        (p, isPrimary(of: a)), (a, isReplica()), (a, gone), (p, isPrimary()), (p, isPrimary(of: a)), (p, gone),
        (a, isReplica(linked: false)),
      ], primary: nil, absence: "connection refused", expected: [(a, .linkDown)]),
    Story(
      title: "While the primary is away nobody is forgotten",
      told: [(p, isPrimary(of: a, b)), (a, isReplica()), (p, gone), (a, gone)], primary: nil,
      absence: "connection refused", expected: [(a, .unreachable), (b, .unreachable)]),
    Story(
      title: "The list of a primary that loads is a list",
      told: [(p, isPrimary(of: a, loading: true)), (a, isReplica())],
      expected: [(a, .fit)]),
  ]

  static let fitness: [Story] = [
    Story(
      title: "Loading", replicas: [a, b],
      told: [(p, isPrimary()), (a, isReplica(loading: true)), (b, isReplica(linked: false, loading: true))],
      expected: [(a, .loading), (b, .loading)]),
    Story(
      title: "Syncing", replicas: [a], told: [(p, isPrimary()), (a, isReplica(linked: false, syncing: true))],
      expected: [(a, .syncing)]),
    Story(
      title: "Loading what it has copied", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica(linked: false, syncing: true, loading: true))],
      expected: [(a, .loading)]),
    Story(
      title: "Its link is down", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica()), (a, isReplica(linked: false))], expected: [(a, .linkDown)]),
    Story(
      title: "It was fit, then gone", replicas: [a], told: [(p, isPrimary()), (a, isReplica()), (a, gone)],
      expected: [(a, .unreachable)]),
    Story(
      title: "It was gone, then fit", replicas: [a], told: [(p, isPrimary()), (a, gone), (a, isReplica())],
      expected: [(a, .fit)]),
  ]

  /// While the primary is away, replicas that were in step are the best there is.
  static let floor: [Story] = [
    Story(
      title: "Once fit, its link down with the primary", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica()), (p, gone), (a, isReplica(linked: false))], primary: nil,
      absence: "connection refused", expected: [(a, .fit)]),
    Story(
      title: "The same when the replica notices first", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica()), (a, isReplica(linked: false)), (p, gone)], primary: nil,
      absence: "connection refused", expected: [(a, .fit)]),
    Story(
      title: "Never in step", replicas: [a],
      told: [(p, gone), (a, isReplica(linked: false))], primary: nil, absence: "connection refused",
      expected: [(a, .linkDown)]),
    Story(
      title: "Only ever seen loading and syncing", replicas: [a],
      told: [
        (p, isPrimary()), (a, isReplica(loading: true)), (a, isReplica(linked: false, syncing: true)), (p, gone),
        (a, isReplica(linked: false)),
      ], primary: nil, absence: "connection refused", expected: [(a, .linkDown)]),
    Story(
      title: "Loading, syncing, gone and promoted replicas are no floor", replicas: [a, b, c, stranger],
      told: [
        (p, isPrimary()), (a, isReplica()), (b, isReplica()), (c, isReplica()), (stranger, isReplica()), (p, gone),
        (a, isReplica(linked: false, loading: true)), (b, isReplica(linked: false, syncing: true)), (c, gone),
        (stranger, isPrimary()),
      ], primary: nil, absence: "follows another",
      expected: [(a, .loading), (b, .syncing), (c, .unreachable), (stranger, .notReplica)]),
    Story(
      title: "The floor ends when the primary is back", replicas: [a],
      told: [(p, isPrimary()), (a, isReplica()), (p, gone), (a, isReplica(linked: false)), (p, isPrimary())],
      expected: [(a, .linkDown)]),
    Story(
      title: "Recorded: the primary was killed", replicas: [a],
      told: [
        (p, says(InfoTexts.primaryWithReplicas)), (a, says(InfoTexts.replicaLinked)), (p, gone),
        (a, says(InfoTexts.replicaLinkDown)),
      ], primary: nil, absence: "connection refused", expected: [(a, .fit)]),
    Story(
      title: "Recorded: and the replica restarted with an old file", replicas: [a],
      told: [
        (p, says(InfoTexts.primaryWithReplicas)), (a, says(InfoTexts.replicaLinked)), (p, gone), (a, gone),
        (a, says(InfoTexts.replicaRestartedFromFile)),
      ], primary: nil, absence: "connection refused", expected: [(a, .linkDown)]),
    Story(
      title: "Recorded: and the replica restarted with nothing", replicas: [a],
      told: [
        (p, says(InfoTexts.primaryWithReplicas)), (a, says(InfoTexts.replicaLinked)), (p, gone), (a, gone),
        (a, says(InfoTexts.replicaRestartedEmpty)),
      ], primary: nil, absence: "connection refused", expected: [(a, .linkDown)]),
    Story(
      title: "A replica that went on by itself holds at least what it held", replicas: [a],
      told: [
        (p, isPrimary()), (a, isReplica(offset: 10)), (p, gone), (a, isReplica(offset: 12)), (a, gone),
        (a, isReplica(linked: false, offset: 12)),
      ], primary: nil, absence: "connection refused", expected: [(a, .fit)]),
  ]

  @Test("Stories", arguments: primaries + replicas + fitness + floor)
  func stories(story: Story) {
    let topology = story.play()
    let snapshot = topology.snapshot
    #expect(snapshot.primary == story.primary)
    #expect(snapshot.replicas.map(\.node) == story.expected.map(\.node))
    #expect(snapshot.replicas.map(\.fitness) == story.expected.map(\.fitness))
    #expect(snapshot.fitReplicas == story.expected.filter { $0.fitness == .fit }.map(\.node))
    #expect(snapshot.primaryAbsence.isEmpty == (story.primary != nil))
    #expect(snapshot.primaryAbsence.contains(story.absence) || story.absence.isEmpty)
    #expect(topology.watched == [p] + story.expected.map(\.node))
  }

  @Test("It is complete when every node it knows has been heard of, for good or bad")
  func completeness() {
    var configured = StaticTopology(primary: p, replicas: [a, b])
    for (node, observation) in [(p, isPrimary()), (a, gone), (stranger, gone), (b, isReplica())] {
      #expect(!configured.isComplete)
      configured.observe(node, observation)
    }
    #expect(configured.isComplete)

    var learning = StaticTopology(primary: p, replicas: [])
    learning.observe(p, isPrimary(of: a))
    #expect(!learning.isComplete)
    learning.observe(a, gone)
    #expect(learning.isComplete)
    learning.observe(p, isPrimary(of: a, b))
    #expect(!learning.isComplete)
  }
}
