import Testing

@testable import Topology

@Suite("Who is who, when names say only where nodes are found")
struct DNSTopologyTests {
  @Test("The only one that says so and whose replicas agree, when everybody was heard")
  func first() {
    var story = DNSStory()
    #expect(story.why == "the names have not been looked up yet")
    story.names([p, a, b])
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil && story.why == "the nodes have not all answered yet")
    story.node(a, replicaInfo(of: p, "h0"))
    story.lost(b)
    #expect(story.primary == p && story.topology.snapshot.fitReplicas == [a])
    #expect(story.topology.snapshot.primaryProof.isEmpty)
  }

  @Test("Not while a replica has another primary, or looks for another of these nodes")
  func dissent() {
    var story = DNSStory()
    story.names([p, a, b])
    story.node(p, primaryInfo("h0"))
    story.node(a, replicaInfo(of: p, "h0"))
    story.node(b, replicaInfo(of: stranger, "h7"))
    #expect(story.primary == nil)
    #expect(story.why == "p:6379 says that it is the primary, and b:6379 follows another")
    story.node(b, replicaInfo(of: a, "h0", linked: false))
    #expect(story.primary == nil)
    // Whom it looks for may be a name of the same node.
    story.node(b, replicaInfo(of: stranger, "h0", linked: false))
    #expect(story.primary == p)
  }

  @Test("Two claimants: none, unless only one of them is followed")
  func claimants() {
    var story = DNSStory()
    story.names([p, a, b])
    story.node(p, primaryInfo("h0"))
    story.node(a, primaryInfo("h1"))
    story.lost(b)
    #expect(story.primary == nil)
    #expect(story.why == "both p:6379 and a:6379 say that they are the primary")
    story.node(b, replicaInfo(of: a, "h1"))
    #expect(story.primary == a)
    // Nor later, when the other one is followed as well.
    story.names([p, a, b, c])
    story.node(c, replicaInfo(of: p, "h0"))
    #expect(story.primary == nil)
  }

  @Test("A failover that was begun before the first look is waited for")
  func firstLookInAFailover() {
    var story = DNSStory()
    story.names([p, a, b])
    story.node(p, primaryInfo("h0"))
    story.node(b, replicaInfo(of: p, "h0"))
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil)
    story.node(b, replicaInfo(of: a, "h1"))
    #expect(story.primary == a)
  }

  @Test("A pod that comes up as a primary before it is made a replica stops nothing")
  func unconfiguredPod() {
    var story = DNSStory.settled()
    story.names([p, a, b, c])
    story.node(c, primaryInfo("h9"))
    #expect(story.primary == p)
    story.lost(b)
    story.restart(b)
    story.node(b, primaryInfo("h8", after: "h0"))
    #expect(story.primary == p)
  }

  @Test("A replica that turns into a primary stops writes at once; nobody follows it: they go on")
  func turned() {
    var story = DNSStory.settled()
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil && story.topology.isUnsettled)
    story.pass(4)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    story.pass(2)
    #expect(story.primary == p && !story.topology.isUnsettled)
  }

  @Test(
    "A killed primary: the promoted one when all who can be asked follow it; the dead one that returns gets nothing")
  func killed() {
    var story = DNSStory.settled()
    story.lost(p)
    #expect(story.why == "no connection to the primary p:6379: connection refused")
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil)
    story.node(b, replicaInfo(of: a, "h1"))
    #expect(story.primary == a)
    #expect(story.topology.snapshot.primaryProof == "it has taken the place of p:6379")
    story.restart(p)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == a)
    // Also when the new one is lost: it would be yesterday's.
    story.lost(a)
    #expect(story.primary == nil)
    story.names([p, b])
    #expect(story.primary == nil)
    #expect(story.why == "p:6379 says that it is the primary, but another has taken its place since it was")
    story.node(p, replicaInfo(of: b, "h1", linked: false))
    story.node(b, primaryInfo("h2", after: "h1"))
    #expect(story.primary == b)
  }

  @Test("FAILOVER TO: the one that the former follows")
  func handover() {
    var story = DNSStory.settled()
    story.node(p, replicaInfo(of: a, "h0", linked: false))
    #expect(story.why == "p:6379 says that it is a replica now of a:6379")
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil)
    // It may follow the former still.
    story.node(b, replicaInfo(of: p, "h0"))
    #expect(story.primary == a)
  }

  @Test("A primary that was restarted is proven anew, by all")
  func restarted() {
    var story = DNSStory.settled()
    story.lost(p)
    story.restart(p)
    story.node(p, primaryInfo("h5"))
    #expect(story.primary == nil && story.why.contains("follows another"))
    story.node(a, replicaInfo(of: p, "h0", linked: false))
    story.node(b, replicaInfo(of: p, "h0", linked: false))
    #expect(story.primary == p)
  }

  @Test("A primary that the names do not stand for any more serves until they give another")
  func unlisted() {
    var story = DNSStory.settled()
    story.names([a, b])
    #expect(story.primary == p && story.topology.watched == [a, b, p])
    story.node(a, primaryInfo("h1", after: "h0"))
    // What was promoted in its place stops it, and is followed when it is alone.
    #expect(story.primary == nil && story.why.contains("b:6379 follows another"))
    story.node(b, replicaInfo(of: a, "h1"))
    #expect(story.primary == a && story.topology.watched == [a, b])
    #expect(story.topology.handovers == 0)
  }

  @Test("Other servers in the place of all: what was begun is finished there")
  func moved() {
    var story = DNSStory.settled()
    story.names([c])
    story.node(c, primaryInfo("h7"))
    #expect(story.primary == p)
    story.pass(6)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == c && story.topology.handovers == 1)
    #expect(story.topology.watched == [c])
  }

  @Test("Nodes come and go; those that stay keep their place")
  func comingAndGoing() {
    var story = DNSStory.settled()
    story.names([c, b, p])
    #expect(story.topology.watched == [p, b, c] && !story.topology.isComplete)
    story.node(c, replicaInfo(of: p, "h0"))
    #expect(story.primary == p && story.topology.snapshot.fitReplicas == [b, c])
    story.node(a, replicaInfo(of: p, "h0"))
    #expect(story.topology.snapshot.fitReplicas == [b, c])
  }

  @Test("One node at two addresses is one node")
  func twoAddresses() {
    var story = DNSStory()
    story.names([p, a, b])
    for node in [p, a] { story.topology.describe(node, runID: "one") }
    story.topology.describe(b, runID: "two")
    for node in [p, a] { story.node(node, primaryInfo("h0")) }
    story.node(b, replicaInfo(of: stranger, "h0"))
    #expect(story.primary == p && story.topology.snapshot.replicas.map(\.node) == [b])
    // One of them may be out of reach.
    story.lost(p)
    #expect(story.primary == a && story.topology.snapshot.primaryProof.isEmpty)
  }

  @Test("Behind one address another process: it is proven anew")
  func service() {
    var story = DNSStory.settled()
    story.topology.describe(p, runID: "another")
    story.node(p, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil)
    for node in [a, b] { story.node(node, replicaInfo(of: stranger, "h1")) }
    #expect(story.primary == p)
  }

  @Test("What comes late of a node is not heard")
  func late() {
    var story = DNSStory.settled()
    story.topology.observe(p, .answered(replicaInfo(of: a, "h0"), isLoading: false), during: 0...story.now)
    #expect(story.primary == p)
  }

  @Test("A look that begins later goes on from what is known")
  func goesOn() {
    var known = DNSStory.settled()
    known.lost(p)
    known.node(a, primaryInfo("h1", after: "h0"))
    known.node(b, replicaInfo(of: a, "h1"))
    var later = DNSStory()
    later.topology.goOn(from: known.topology)
    later.names([p, a, b])
    later.node(p, primaryInfo("h0"))
    later.lost(a)
    later.node(b, replicaInfo(of: a, "h1", linked: false))
    #expect(later.primary == nil)
    later.node(a, primaryInfo("h1", after: "h0"))
    #expect(later.primary == a)
  }

  @Test("Why there is nobody")
  func words() {
    var story = DNSStory()
    story.topology.named([], isWhole: true, trouble: "the name redis cannot be resolved: no such host", now: 0)
    #expect(story.why == "the name redis cannot be resolved: no such host" && story.topology.isComplete)
    story.names([a, b])
    story.lost(a)
    story.lost(b)
    #expect(story.why == "no node can be reached: a:6379: connection refused")
    story.node(a, replicaInfo(of: p, "h0"))
    #expect(story.why == "none of 2 nodes says that it is the primary")
  }
}

/// A topology and the clock of what it is told.
struct DNSStory {
  var topology = DNSTopology()
  var now = 0.0
  private var lives: [NodeAddress: Int] = [:]

  var primary: NodeAddress? { topology.snapshot.primary }
  var why: String { topology.snapshot.primaryAbsence }

  /// A primary and two replicas that follow it.
  static func settled() -> DNSStory {
    var story = DNSStory()
    story.names([p, a, b])
    for node in [p, a, b] { story.topology.describe(node, runID: node.host) }
    story.node(p, primaryInfo("h0"))
    for node in [a, b] { story.node(node, replicaInfo(of: p, "h0")) }
    return story
  }

  mutating func names(_ nodes: [NodeAddress]) { topology.named(nodes, isWhole: true, now: now) }

  mutating func node(_ node: NodeAddress, _ info: ReplicationInfo) {
    now += 0.1
    topology.observe(node, .answered(info, isLoading: false), during: now - 0.01...now)
  }

  mutating func lost(_ node: NodeAddress) {
    now += 0.1
    topology.observe(node, gone, during: now...now)
  }

  mutating func restart(_ node: NodeAddress) {
    lives[node, default: 0] += 1
    topology.describe(node, runID: "\(node.host)\(lives[node] ?? 0)")
  }

  mutating func pass(_ seconds: Double) {
    now += seconds
    topology.pass(to: now)
  }
}
