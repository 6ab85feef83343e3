import Testing
import Topology

@Suite("Another in the place of the configured primary")
struct SuccessionTests {
  private static func settled() -> StaticTopology {
    var topology = StaticTopology(primary: p, replicas: [a, b])
    topology.describe(p, runID: "one")
    topology.tell(p, primaryInfo("h0"))
    topology.tell(a, replicaInfo(of: p, "h0"))
    topology.tell(b, replicaInfo(of: p, "h0"))
    return topology
  }

  @Test("FAILOVER TO: the one that the configured primary follows, and back again")
  func handover() {
    var topology = Self.settled()
    topology.tell(a, primaryInfo("h1", after: "h0"))
    #expect(topology.snapshot.primary == nil)
    topology.tell(p, replicaInfo(of: a, "h0", linked: false))
    #expect(topology.snapshot.primary == a)
    topology.tell(p, replicaInfo(of: a, "h1"))
    topology.tell(b, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == a && topology.snapshot.fitReplicas == [b, p])
    #expect(topology.snapshot.primaryProof == "it has taken the place of p:6379")
    topology.tell(a, replicaInfo(of: p, "h1"))
    #expect(topology.snapshot.primary == nil)
    topology.tell(p, primaryInfo("h2", after: "h1"))
    topology.tell(a, replicaInfo(of: p, "h2"))
    #expect(topology.snapshot.primary == p && topology.snapshot.primaryProof.isEmpty)
  }

  @Test("Promoted by hand after a death: when the other replica follows; and the dead one that returns gets nothing")
  func promoted() {
    var topology = Self.settled()
    topology.observe(p, gone)
    topology.tell(a, primaryInfo("h1", after: "h0"))
    #expect(topology.snapshot.primary == nil)
    topology.tell(b, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == a)
    topology.tell(p, primaryInfo("h9"))
    #expect(topology.snapshot.primary == a)
    topology.observe(a, gone)
    #expect(topology.snapshot.primary == nil)
    #expect(topology.snapshot.primaryAbsence.contains("another has taken its place since it was"))
    topology.tell(b, replicaInfo(of: p, "h9"))
    #expect(topology.snapshot.primary == p)
  }

  @Test("A look that begins later goes on from what is known: not back to a deposed one, and on to who took its place")
  func goesOn() {
    var known = Self.settled()
    var later = StaticTopology(primary: p, replicas: [a, b])
    later.goOn(from: known)
    later.observe(p, gone)
    later.tell(a, primaryInfo("h1", after: "h0"))
    later.tell(b, replicaInfo(of: a, "h1"))
    #expect(later.snapshot.primary == a)
    known.observe(p, gone)
    known.tell(a, primaryInfo("h1", after: "h0"))
    known.tell(b, replicaInfo(of: a, "h1"))
    later = StaticTopology(primary: p, replicas: [a, b])
    later.goOn(from: known)
    later.tell(p, primaryInfo("h9"))
    #expect(later.snapshot.primary == nil)
    later.tell(a, primaryInfo("h1", after: "h0"))
    later.tell(b, replicaInfo(of: a, "h1"))
    #expect(later.snapshot.primary == a)
  }

  @Test("A configured primary that was restarted is none while another is followed, whoever is heard of first")
  func restarted() {
    let told: [(inout StaticTopology) -> Void] = [
      { $0.tell(p, primaryInfo("h9")) }, { $0.tell(a, primaryInfo("h1", after: "h0")) },
      { $0.tell(b, replicaInfo(of: a, "h1")) },
    ]
    for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0], [0, 2, 1], [2, 0, 1]] {
      var topology = StaticTopology(primary: p, replicas: [a, b])
      for index in order { told[index](&topology) }
      #expect(topology.snapshot.primary == nil, "\(order)")
      #expect(topology.snapshot.primaryAbsence == "both p:6379 and a:6379 say that they are the primary")
      topology.tell(b, replicaInfo(of: p, "h9"))
      #expect(topology.snapshot.primary == p, "\(order)")
    }
  }

  @Test("Two that claim it, and nobody can tell: none")
  func rivals() {
    var topology = Self.settled()
    topology.tell(a, primaryInfo("h1", after: "h0"))
    topology.tell(b, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == nil)
    #expect(topology.snapshot.primaryAbsence == "both p:6379 and a:6379 say that they are the primary")
    // One that nobody follows is a copy that somebody has made.
    topology.tell(b, replicaInfo(of: p, "h0"))
    #expect(topology.snapshot.primary == nil)
    topology.pass(to: 6)
    #expect(topology.snapshot.primary == p)
  }

  @Test("A first look at one that lost its place: not while another is followed, nor before all were heard")
  func firstLook() {
    var topology = StaticTopology(primary: p, replicas: [])
    topology.tell(p, primaryInfo("h9", of: a, b))
    #expect(
      topology.snapshot.primary == nil && topology.snapshot.primaryAbsence == "the nodes have not all answered yet")
    topology.tell(a, primaryInfo("h1", after: "h0"))
    topology.tell(b, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == nil)
    #expect(topology.snapshot.primaryAbsence == "both p:6379 and a:6379 say that they are the primary")
    topology.tell(p, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == a)
  }

  @Test("Restarted, and another was promoted meanwhile: none, before and after that one is followed")
  func returnsTooLate() {
    var topology = Self.settled()
    topology.observe(p, gone)
    topology.tell(a, primaryInfo("h1", after: "h0"))
    topology.describe(p, runID: "another")
    topology.tell(p, primaryInfo("h9"))
    topology.tell(b, replicaInfo(of: p, "h0", linked: false))
    #expect(topology.snapshot.primary == nil)
    topology.pass(to: 6)
    #expect(topology.snapshot.primary == nil)
    topology.tell(b, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == nil)
    topology.tell(p, replicaInfo(of: a, "h9", linked: false))
    #expect(topology.snapshot.primary == a)
  }

  @Test("Restarted: not before the others were asked again")
  func restartedAlone() {
    var topology = Self.settled()
    for replica in [a, b] { topology.tell(replica, replicaInfo(of: p, "h0", linked: false)) }
    topology.observe(p, gone, during: 1...1)
    topology.describe(p, runID: "another")
    topology.tell(p, primaryInfo("h9"), at: 2)
    #expect(topology.snapshot.primary == nil)
    for replica in [a, b] { topology.tell(replica, replicaInfo(of: p, "h0", linked: false), at: 3) }
    #expect(topology.snapshot.primary == p)
  }

  @Test("A copy that nobody followed while all was well is no claimant after a restart of the primary")
  func copies() {
    var topology = StaticTopology(primary: p, replicas: [a, b])
    topology.describe(p, runID: "one")
    topology.tell(p, primaryInfo("h0"))
    topology.observe(b, gone)
    topology.tell(a, replicaInfo(of: p, "h0"))
    topology.tell(a, primaryInfo("h1", after: "h0"), at: 1)
    #expect(topology.snapshot.primary == nil)
    topology.pass(to: 6.1)
    #expect(topology.snapshot.primary == p)
    topology.pass(to: 11.2)
    var reloaded = StaticTopology(primary: p, replicas: [a, b])
    reloaded.goOn(from: topology)
    reloaded.observe(b, gone, during: 11.3...11.3)
    for topology in [topology, reloaded] {
      var topology = topology
      topology.observe(p, gone, during: 12...12)
      topology.describe(p, runID: "another")
      topology.tell(p, primaryInfo("h9"), at: 13)
      #expect(topology.snapshot.primary == nil)
      topology.tell(a, primaryInfo("h1", after: "h0"), at: 13)
      #expect(topology.snapshot.primary == p)
      // It is one again as soon as somebody follows it.
      topology.tell(b, replicaInfo(of: a, "h1"), at: 14)
      #expect(topology.snapshot.primary == nil)
    }
  }

  @Test("A copy that was made a moment before the primary was restarted is a claimant")
  func youngCopies() {
    var topology = StaticTopology(primary: p, replicas: [a])
    topology.describe(p, runID: "one")
    topology.tell(p, primaryInfo("h0"))
    topology.tell(a, replicaInfo(of: p, "h0"))
    topology.tell(a, primaryInfo("h1", after: "h0"), at: 1)
    topology.pass(to: 6.1)
    #expect(topology.snapshot.primary == p)
    topology.observe(p, gone, during: 7...7)
    topology.pass(to: 20)
    topology.describe(p, runID: "another")
    topology.tell(p, primaryInfo("h9"), at: 20)
    topology.tell(a, primaryInfo("h1", after: "h0"), at: 20)
    #expect(topology.snapshot.primary == nil)
  }

  @Test("A configured replica that went to another primary while all was well is no doubt when its own is restarted")
  func strays() {
    var topology = StaticTopology(primary: p, replicas: [a])
    topology.describe(p, runID: "one")
    topology.tell(p, primaryInfo("h0"))
    topology.tell(a, replicaInfo(of: p, "h0"))
    topology.tell(a, replicaInfo(of: stranger, "h7"), at: 1)
    #expect(topology.snapshot.primary == p)
    var young = topology
    young.observe(p, gone, during: 2...2)
    young.tell(p, primaryInfo("h0"), at: 9)
    #expect(young.snapshot.primary == nil)
    #expect(young.snapshot.primaryAbsence == "p:6379 says that it is the primary, and a:6379 follows another")
    topology.tell(a, replicaInfo(of: stranger, "h7"), at: 7)
    topology.observe(p, gone, during: 8...8)
    topology.describe(p, runID: "another")
    topology.tell(p, primaryInfo("h9"), at: 9)
    topology.tell(a, replicaInfo(of: stranger, "h7"), at: 9)
    #expect(topology.snapshot.primary == p)
  }

  @Test("A look that begins in a hold knows what was promoted meanwhile, and sees what is between the looks")
  func goesOnInAHold() {
    var known = Self.settled()
    known.observe(p, gone)
    known.tell(a, primaryInfo("h1", after: "h0"))
    var between = Self.settled()
    between.observe(p, gone)
    for known in [known, between] {
      var later = StaticTopology(primary: p, replicas: [a, b])
      later.goOn(from: known)
      later.tell(a, primaryInfo("h1", after: "h0"), at: 1)
      later.tell(b, replicaInfo(of: p, "h0", linked: false), at: 1)
      later.describe(p, runID: "one")
      later.tell(p, primaryInfo("h0"), at: 1)
      #expect(later.snapshot.primary == nil)
      later.pass(to: 20)
      #expect(later.snapshot.primary == nil)
      later.tell(b, replicaInfo(of: p, "h0"), at: 20)
      #expect(later.snapshot.primary == p)
    }
  }

  @Test("Nobody waits for replicas that cannot be reached, nor for any where there are none")
  func alone() {
    var topology = StaticTopology(primary: p, replicas: [])
    topology.tell(p, primaryInfo("h0"))
    #expect(topology.snapshot.primary == p)
    topology.describe(p, runID: "one")
    topology.tell(p, primaryInfo("h0"))
    topology.observe(p, gone, during: 1...1)
    topology.describe(p, runID: "another")
    topology.tell(p, primaryInfo("h9"), at: 1.1)
    #expect(topology.snapshot.primary == p)
    topology = StaticTopology(primary: p, replicas: [a, b])
    topology.tell(p, primaryInfo("h0"))
    for replica in [a, b] {
      #expect(topology.snapshot.primary == nil)
      topology.observe(replica, gone)
    }
    #expect(topology.snapshot.primary == p)
  }

  @Test("One that leaves the list of the primary because it was promoted is evidence")
  func leavers() {
    var topology = StaticTopology(primary: p, replicas: [])
    topology.tell(p, primaryInfo("h0", of: a, b))
    for replica in [a, b] { topology.tell(replica, replicaInfo(of: p, "h0")) }
    #expect(topology.snapshot.primary == p)
    topology.tell(a, primaryInfo("h1", after: "h0"))
    topology.pass(to: 6)
    #expect(topology.snapshot.primary == p)
    topology.tell(p, primaryInfo("h0"))
    topology.tell(b, replicaInfo(of: a, "h1"))
    #expect(topology.snapshot.primary == nil && topology.watched == [p, a, b])
  }

  @Test("A second succession: whoever lost the first place that was taken gets nothing")
  func twice() {
    var topology = Self.settled()
    topology.observe(p, gone)
    topology.tell(a, primaryInfo("h1", after: "h0"))
    topology.tell(b, replicaInfo(of: a, "h1"))
    topology.observe(a, gone)
    topology.tell(b, primaryInfo("h2", after: "h1"))
    topology.tell(p, replicaInfo(of: b, "h2"))
    #expect(topology.snapshot.primary == b)
    topology.tell(a, primaryInfo("h1", after: "h0"))
    #expect(topology.snapshot.primary == b)
  }

  @Test("Not one that has other data, nor one of two")
  func strangers() {
    var topology = Self.settled()
    topology.observe(p, gone)
    topology.tell(a, primaryInfo("h7"))
    topology.tell(b, replicaInfo(of: a, "h7"))
    #expect(topology.snapshot.primary == nil)
    topology.tell(p, replicaInfo(of: a, "h0", linked: false))
    #expect(topology.snapshot.primary == nil)
    topology.tell(b, primaryInfo("h8", after: "h0"))
    topology.tell(p, replicaInfo(of: b, "h8"))
    #expect(topology.snapshot.primary == nil)
  }
}

extension StaticTopology {
  fileprivate mutating func tell(_ node: NodeAddress, _ info: ReplicationInfo, at now: Double = 0) {
    observe(node, .answered(info, isLoading: false), during: now...now)
  }
}

private func primaryInfo(_ history: String, of replicas: NodeAddress...) -> ReplicationInfo {
  ReplicationInfo(
    role: .primary, replicationID: history, replicas: replicas.map { .init(address: $0, isOnline: true) })
}
