import Testing
import Topology

@Suite("Who is who, when Sentinel names the primary")
struct SentinelTopologyTests {
  @Test("Named by Sentinel and said by itself: both, or nobody")
  func bothWitnesses() {
    var story = SentinelStory()
    #expect(story.primary == nil && story.why == "no sentinel has answered yet")
    story.answer("s1", p, epoch: 1)
    story.node(p, primaryInfo("h0"))
    // Two of three Sentinels are known and were not heard.
    #expect(story.primary == nil)
    story.answer("s2", p, epoch: 1)
    #expect(story.primary == p)
    #expect(story.topology.watched == [p, a, b])
    #expect(story.topology.sentinels == SentinelStory.ids.map(SentinelStory.sentinel))
    #expect(story.topology.snapshot.epoch == 1)
    #expect(story.topology.snapshot.primaryProof == "named by Sentinel at config epoch 1")
    story.node(p, replicaInfo(of: a, "h0"))
    #expect(story.primary == nil && story.why.contains("says that it is a replica of a:6379"))
  }

  @Test("The highest config epoch counts, whoever is heard first")
  func highestEpoch() {
    var story = SentinelStory()
    story.answer("s1", p, epoch: 1)
    story.answer("s2", p, epoch: 1)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == p)
    story.answer("s3", a, epoch: 2)
    #expect(story.primary == nil && story.why == "Sentinel names a:6379 at config epoch 2")
    story.answerAll(a, epoch: 2)
    #expect(story.why == "the primary a:6379 has not answered yet")
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a)
    // What p says, and what a Sentinel that was away says, counts no more.
    story.node(p, primaryInfo("h0"))
    story.answer("s3", p, epoch: 1)
    #expect(story.primary == a)
    #expect(story.topology.snapshot.replicas.first { $0.node == p }?.fitness == .notReplica)
  }

  @Test("A look that begins later goes on from what is known: not back to one that was deposed")
  func goesOn() {
    var known = SentinelStory.settled()
    known.answerAll(a, epoch: 2)
    known.node(a, primaryInfo("h1", after: "h0"))
    #expect(known.primary == a)
    // The Sentinels that have not heard of it yet are the first to be heard, and the old one says that it is a primary.
    func later(_ topology: SentinelTopology) -> SentinelStory {
      var story = SentinelStory(topology: topology)
      for id in ["s2", "s3"] { story.answer(id, p, epoch: 1) }
      story.node(p, primaryInfo("h0"))
      return story
    }
    #expect(later(SentinelTopology(name: "mymaster")).primary == p)
    var topology = SentinelTopology(name: "mymaster")
    topology.goOn(from: known.topology)
    var story = later(topology)
    #expect(story.primary == nil)
    story.answerAll(a, epoch: 2)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a)
    // What is known of other nodes does not matter.
    topology = SentinelTopology(name: "other")
    topology.goOn(from: known.topology)
    #expect(later(topology).primary == p)
  }

  @Test("A replica that most Sentinels hold to be down is avoided, while there are others and a primary")
  func flaggedReplicas() {
    func says(_ story: inout SentinelStory, _ ids: [String], down: [NodeAddress]) {
      for id in ids {
        var answer = SentinelStory.answer(id, p, epoch: 1)
        for index in answer.replicas.indices {
          answer.replicas[index].isDown = down.contains(answer.replicas[index].address)
        }
        story.now += 0.001
        story.topology.answered(answer, by: id, at: SentinelStory.sentinel(id), during: story.now...story.now)
      }
    }
    var story = SentinelStory.settled()
    says(&story, ["s1"], down: [a])
    #expect(story.topology.snapshot.fitReplicas == [a, b])
    says(&story, ["s1", "s2"], down: [a])
    #expect(story.topology.snapshot.fitReplicas == [b])
    #expect(story.topology.snapshot.replicas.first { $0.node == a }?.fitness == .avoided)
    // All of them: our own look counts. So it does for the last one, and while there is no primary.
    says(&story, ["s1", "s2"], down: [a, b])
    #expect(story.topology.snapshot.fitReplicas == [a, b])
    says(&story, ["s1", "s2"], down: [a])
    story.lose(b)
    #expect(story.topology.snapshot.fitReplicas == [a])
    story.node(b, replicaInfo(of: p, "h0"))
    story.lose(p)
    #expect(story.topology.snapshot.fitReplicas == [a, b])
  }

  @Test("What the rows of SENTINEL REPLICAS say; one that is never to be promoted is read like others")
  func rows() {
    func row(_ port: String, _ flags: String, priority: String = "100") -> [String: String] {
      ["ip": "10.0.0.1", "port": port, "flags": flags, "slave-priority": priority]
    }
    let answer = SentinelAnswer(
      master: ["ip": "10.0.0.9", "port": "1", "config-epoch": "0", "flags": "master"], address: ["10.0.0.9", "1"],
      replicas: [
        row("1", "slave"), row("2", "s_down,slave"), row("3", "slave,disconnected"), row("4", "o_down,slave"),
        row("5", "slave", priority: "0"),
      ], peers: [])
    #expect(answer?.replicas.map(\.isDown) == [false, true, true, true, false])
  }

  @Test("Two claimants at one epoch: none")
  func twoClaimants() {
    var story = SentinelStory()
    story.answer("s1", p, epoch: 3)
    story.answer("s2", a, epoch: 3)
    story.answer("s3", a, epoch: 3)
    story.node(p, primaryInfo("h0"))
    story.node(a, primaryInfo("h1"))
    #expect(story.primary == nil)
    #expect(story.why == "Sentinels disagree: config epoch 3 belongs to p:6379 and to a:6379")
    story.answerAll(a, epoch: 4)
    #expect(story.primary == a)
  }

  // The order of events as recorded; the leader is s1.
  @Test("A killed primary: hold at its loss, go on at the promotion, a second before anybody names it")
  func killed() {
    var story = SentinelStory.settled()
    story.lose(p)
    #expect(story.primary == nil && story.why == "no connection to the primary p:6379: connection refused")
    for id in SentinelStory.ids { story.event(id, .changed) }
    story.event("s1", .down(p))
    story.event("s1", .failover(against: p))
    story.answer("s1", p, epoch: 1, failing: true, down: true)
    story.answer("s2", p, epoch: 1)
    story.answer("s3", p, epoch: 1)
    #expect(story.primary == nil && story.why.contains("failover of p:6379"))
    story.event("s1", .failover(against: p))
    story.event("s1", .selected(b, insteadOf: p))
    story.lose(b)
    #expect(story.primary == nil)
    story.node(b, primaryInfo("h1", after: "h0"))
    #expect(story.primary == b, "\(story.why)")
    #expect(story.topology.snapshot.epoch == 2)
    #expect(story.topology.snapshot.primaryProof == "promoted in the failover of p:6379")
    // The rest of the story changes nothing for clients.
    story.answer("s1", p, epoch: 1, failing: true, down: true, selected: b)
    story.event("s1", .selected(b, insteadOf: p))
    story.answer("s1", b, epoch: 2, deposed: p, failing: true, down: true, selected: b)
    #expect(story.primary == b && story.topology.snapshot.primaryProof == "named by Sentinel at config epoch 2")
    story.event("s1", .failover(against: p))
    story.event("s2", .switched(from: p, to: b))
    story.answer("s2", b, epoch: 2)
    story.answer("s3", b, epoch: 2)
    story.node(a, replicaInfo(of: b, "h1"))
    story.event("s1", .switched(from: p, to: b))
    story.answer("s1", b, epoch: 2)
    #expect(story.primary == b && !story.topology.isUnsettled)
    // The old one comes back and takes writes for ten seconds: none of ours.
    story.node(p, primaryInfo("h9"), runID: "another")
    #expect(story.primary == b)
    #expect(story.topology.snapshot.fitReplicas == [a])
  }

  @Test("A second failover right behind the first: the one that was promoted is its old primary, and no rival")
  func twice() {
    var story = SentinelStory.settled()
    func promote(_ new: NodeAddress, insteadOf old: NodeAddress, _ epoch: UInt64, _ history: Int) {
      story.event("s1", .failover(against: old))
      #expect(story.primary == nil)
      for id in ["s2", "s3"] { story.answer(id, old, epoch: epoch - 1) }
      story.answer("s1", old, epoch: epoch - 1, failing: true)
      story.event("s1", .selected(new, insteadOf: old))
      story.node(new, primaryInfo("h\(history)", after: "h\(history - 1)"))
      #expect(story.primary == new, "\(story.why)")
    }
    promote(a, insteadOf: p, 2, 1)
    story.answerAll(a, epoch: 2)
    #expect(story.primary == a && !story.topology.isUnsettled)
    story.node(b, replicaInfo(of: a, "h1"))
    promote(b, insteadOf: a, 3, 2)
    story.answerAll(b, epoch: 3)
    #expect(story.primary == b && !story.topology.isUnsettled)
  }

  @Test("Cut off together with the primary: neither a Sentinel nor a replica is left, so it is given up")
  func cutOff() {
    var story = SentinelStory.settled()
    for id in SentinelStory.ids { story.lose(sentinel: id) }
    story.lose(a)
    #expect(story.primary == p)
    story.lose(b)
    #expect(story.primary == nil && story.why.contains("may be cut off from them"))
    // It stays so until one of them tells more.
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    story.node(b, replicaInfo(of: p, "h0"))
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == p, "\(story.why)")
  }

  @Test("The early proof needs the one that was selected, alone, going on from the history")
  func earlyProof() {
    func play(_ end: (inout SentinelStory) -> Void) -> NodeAddress? {
      var story = SentinelStory.settled()
      story.event("s1", .failover(against: p))
      story.answer("s2", p, epoch: 1)
      story.answer("s3", p, epoch: 1)
      story.answer("s1", p, epoch: 1, failing: true)
      end(&story)
      return story.primary
    }
    #expect(
      play {
        $0.event("s1", .selected(a, insteadOf: p))
        $0.node(a, primaryInfo("h1", after: "h0"))
      } == a)
    // The event was lost, the answer has it.
    #expect(
      play {
        $0.node(a, primaryInfo("h1", after: "h0"))
        $0.answer("s1", p, epoch: 1, failing: true, selected: a)
      } == a)
    // Nobody has said whom.
    #expect(play { $0.node(a, primaryInfo("h1", after: "h0")) } == nil)
    #expect(
      play {
        $0.event("s1", .selected(b, insteadOf: p))
        $0.node(a, primaryInfo("h1", after: "h0"))
      } == nil)
    // Two turned at once.
    #expect(
      play {
        $0.event("s1", .selected(a, insteadOf: p))
        $0.node(b, primaryInfo("h2", after: "h0"))
        $0.node(a, primaryInfo("h1", after: "h0"))
      } == nil)
    // It has something else, or was restarted.
    #expect(
      play {
        $0.event("s1", .selected(a, insteadOf: p))
        $0.node(a, primaryInfo("h1", after: "other"))
      } == nil)
    #expect(
      play {
        $0.event("s1", .selected(a, insteadOf: p))
        $0.node(a, primaryInfo("h1", after: "h0"), runID: "another")
      } == nil)
    // Two leaders, two choices.
    #expect(
      play {
        $0.event("s1", .selected(a, insteadOf: p))
        $0.event("s2", .selected(b, insteadOf: p))
        $0.node(a, primaryInfo("h1", after: "h0"))
      } == nil)
  }

  @Test("The early proof ends with its leader, with another choice, and when nobody names the node in time")
  func earlyProofEnds() {
    func play(_ end: (inout SentinelStory) -> Void) -> SentinelStory {
      var story = SentinelStory.settled()
      story.event("s1", .selected(a, insteadOf: p))
      story.answer("s2", p, epoch: 1)
      story.answer("s3", p, epoch: 1)
      story.answer("s1", p, epoch: 1, failing: true, selected: a)
      story.node(a, primaryInfo("h1", after: "h0"))
      #expect(story.primary == a, "\(story.why)")
      end(&story)
      return story
    }
    // Its leader is lost: nobody else has said whom it has promoted.
    var story = play { $0.lose(sentinel: "s1") }
    #expect(story.primary == nil && story.why == "the failover of p:6379 to a:6379 was given up")
    // Another one has been elected, and chooses another.
    story = play { $0.event("s2", .selected(b, insteadOf: p)) }
    #expect(story.primary == nil)
    story = play { $0.answer("s2", p, epoch: 1, failing: true, selected: b) }
    #expect(story.primary == nil)
    // The same choice, or one of a failover that was over before, is none.
    story = play { $0.event("s2", .selected(a, insteadOf: p)) }
    #expect(story.primary == a)
    // Two leaders, and the first is lost.
    story = play {
      $0.event("s2", .selected(a, insteadOf: p))
      $0.lose(sentinel: "s1")
    }
    #expect(story.primary == a)
    // The leader lives and does not name it.
    story = play { $0.wait(2.9) }
    #expect(story.primary == a)
    story = play { $0.wait(3.1) }
    #expect(
      story.primary == nil && story.why == "a:6379 was promoted in the failover of p:6379, and no Sentinel names it")
    story.answerAll(a, epoch: 2)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a)
  }

  @Test("An abandoned failover goes on with the old primary", arguments: [false, true])
  func abandoned(isEventLost: Bool) {
    var story = SentinelStory.settled()
    story.event("s1", .failover(against: p))
    #expect(story.primary == nil)
    story.answerAll(p, epoch: 1)
    story.event("s1", .failover(against: p))
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    story.answer("s1", p, epoch: 1, failing: true)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    if !isEventLost { story.event("s1", .changed) }
    story.answer("s1", p, epoch: 1)
    #expect(story.primary == p)
    #expect(story.topology.snapshot.epoch == 1)
  }

  @Test("A failover whose only witness is gone counts as under way for ten seconds")
  func witnessGone() {
    var story = SentinelStory.settled()
    story.event("s1", .failover(against: p))
    story.lose(sentinel: "s1")
    story.wait(9)
    story.answer("s2", p, epoch: 1)
    story.answer("s3", p, epoch: 1)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    story.wait(2)
    #expect(story.primary == p)
  }

  @Test("A replica that turns into a primary stops the old one, for as long as a failover could take")
  func rival() {
    var story = SentinelStory.settled()
    story.lose(a)
    #expect(story.primary == p)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil && story.why == "a:6379, a replica, says that it is the primary now")
    story.answerAll(p, epoch: 1)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    story.wait(6)
    #expect(story.primary == p)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == p)
    // A replica that was restarted without being one is another node: no failover promotes that.
    story.lose(b)
    story.node(b, primaryInfo("h2"), runID: "another")
    #expect(story.primary == p)
  }

  @Test("Agreement that the primary is down stops it; when nothing follows, one that answers us goes on")
  func agreedDown() {
    var story = SentinelStory.settled()
    story.event("s2", .down(p))
    #expect(story.primary == nil && story.why == "Sentinel holds p:6379 to be down")
    for _ in 0..<5 {
      for id in SentinelStory.ids { story.answer(id, p, epoch: 1, down: true) }
      story.node(p, primaryInfo("h0"))
      #expect(story.primary == nil)
      story.wait(0.9)
    }
    story.wait(1)
    #expect(story.primary == p)
    story.answerAll(p, epoch: 1)
    story.event("s2", .down(p))
    #expect(story.primary == nil)
    story.answerAll(p, epoch: 1)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == p)
  }

  @Test("FAILOVER TO: who took over is served while Sentinel names who gave up, and no longer than that")
  func handover() {
    var story = SentinelStory.settled()
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil)
    story.answerAll(p, epoch: 1)
    #expect(story.primary == nil)
    story.node(p, replicaInfo(of: a, "h1"))
    #expect(story.primary == a)
    #expect(story.topology.snapshot.primaryProof == "p:6379 follows it; Sentinel still names p:6379")
    #expect(story.topology.snapshot.replicas.first { $0.node == p }?.fitness == .fit)
    story.wait(20)
    story.answerAll(p, epoch: 1)
    #expect(story.primary == a)
    // Sentinel will undo it.
    story.event("s1", .down(p))
    #expect(story.primary == nil)
    story.event("s1", .failover(against: p))
    story.answer("s1", b, epoch: 2, deposed: p, failing: true, selected: b)
    story.node(b, primaryInfo("h2", after: "h1"))
    story.answer("s2", p, epoch: 1)
    #expect(story.primary == b, "\(story.why)")
    story.answerAll(b, epoch: 2)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == b)
  }

  @Test("A handover is believed only from the named node, to the only primary there is")
  func noHandover() {
    var story = SentinelStory.settled()
    story.node(p, replicaInfo(of: stranger, "h7"))
    story.answerAll(p, epoch: 1)
    #expect(story.primary == nil)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == nil)
    story.node(b, primaryInfo("h2", after: "h0"))
    story.node(p, replicaInfo(of: a, "h1"))
    #expect(story.primary == nil)
  }

  @Test("Promoted, and no Sentinel is left to name it: not by its word, but when all replicas follow it")
  func promotedAlone() {
    var story = SentinelStory.settled()
    story.lose(p)
    story.event("s1", .selected(a, insteadOf: p))
    for id in ["s2", "s3"] { story.answer(id, p, epoch: 1) }
    story.answer("s1", p, epoch: 1, failing: true, selected: a)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a, "\(story.why)")
    for id in SentinelStory.ids { story.lose(sentinel: id) }
    #expect(story.primary == nil)
    story.node(b, replicaInfo(of: a, "h1"))
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a && story.topology.snapshot.primaryProof == "all replicas follow it; no sentinel answers")
    story.wait(6)
    #expect(story.primary == a)
  }

  @Test("A node that was just named, and was heard before that: its word that it is a replica is an old one")
  func namedAfterItsWord() {
    var story = SentinelStory.settled()
    story.node(a, replicaInfo(of: p, "h0"))
    story.answerAll(a, epoch: 2)
    #expect(story.primary == nil, "\(story.topology.snapshot.primaryProof)")
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil, "\(story.topology.snapshot.primaryProof)")
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a)
  }

  @Test("Evidence against a node counts under all its names, also when the Sentinels that use one of them are gone")
  func accusedByAnotherName() {
    let alias = NodeAddress(host: "10.0.0.1", port: 6379)
    var story = SentinelStory.settled()
    func answerByAlias() {
      var answer = SentinelStory.answer("s3", p, epoch: 1)
      answer.primary = alias
      story.now += 0.001
      story.topology.answered(
        answer, by: "s3", at: SentinelStory.sentinel("s3"), during: story.now...story.now)
    }
    answerByAlias()
    story.node(alias, primaryInfo("h0"), runID: "run-p")
    for id in ["s1", "s2"] { story.answer(id, p, epoch: 1) }
    answerByAlias()
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == p, "\(story.why)")
    story.event("s1", .failover(against: p))
    for id in ["s1", "s2"] { story.lose(sentinel: id) }
    answerByAlias()
    story.node(a, replicaInfo(of: p, "h0"))
    #expect(story.primary == nil, "\(story.topology.snapshot)")
    story.node(alias, primaryInfo("h0"), runID: "run-p")
    #expect(story.primary == nil, "\(story.topology.snapshot)")
  }

  @Test("Without any Sentinel the last topology serves on, and a primary that was away for a moment too")
  func sentinelsGone() {
    var story = SentinelStory.settled()
    for id in SentinelStory.ids { story.lose(sentinel: id) }
    story.wait(3600)
    #expect(story.primary == p && story.topology.watched == [p, a, b])
    story.lose(p)
    #expect(story.primary == nil)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == p)
    // If the replicas do not follow it, somebody has been promoted where we cannot see it.
    story.lose(p)
    story.node(a, replicaInfo(of: b, "h1"))
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil && story.why.contains("not all replicas follow"))
    // Nor is one that was restarted the same.
    story.node(a, replicaInfo(of: p, "h0"))
    #expect(story.primary == p)
    story.lose(p)
    story.node(p, primaryInfo("h5"), runID: "another")
    #expect(story.primary == nil)
  }

  @Test("A primary that comes back after a loss is believed when Sentinel was asked since")
  func cameBack() {
    var story = SentinelStory.settled()
    story.lose(p)
    story.node(p, primaryInfo("h0"))
    #expect(story.primary == nil)
    story.answerAll(p, epoch: 1)
    #expect(story.primary == p)
    // Also a new process, as long as nobody else was named.
    story.lose(p)
    story.node(p, primaryInfo("h5"), runID: "another")
    story.answerAll(p, epoch: 1)
    #expect(story.primary == p)
  }

  @Test("Sentinels that were all made anew start at epoch 0 again")
  func newReign() {
    var story = SentinelStory.settled()
    story.answerAll(a, epoch: 5)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a)
    for id in SentinelStory.ids { story.lose(sentinel: id) }
    story.lose(a)
    story.wait(40)
    func fresh(_ id: String, _ story: inout SentinelStory) {
      story.now += 0.001
      story.topology.answered(
        SentinelAnswer(
          primary: p, configEpoch: 0, quorum: 2, replicas: [.init(address: a), .init(address: b)],
          peers: ["t1", "t2"].filter { $0 != id }.map { .init(id: $0, address: SentinelStory.sentinel($0)) }),
        by: id, at: SentinelStory.sentinel(id), during: story.now...story.now)
    }
    fresh("t1", &story)
    story.node(p, primaryInfo("h0"), runID: "reborn")
    #expect(story.primary == nil)
    fresh("t2", &story)
    fresh("t1", &story)
    #expect(story.primary == p, "\(story.why)")
  }

  @Test("Sentinels that were all made anew are believed also when they have come to the epoch of before")
  func remadeToTheSameEpoch() {
    var story = SentinelStory.settled()
    story.answerAll(a, epoch: 2)
    story.node(a, primaryInfo("h1", after: "h0"))
    #expect(story.primary == a)
    for id in SentinelStory.ids { story.lose(sentinel: id) }
    story.node(a, replicaInfo(of: b, "h1"))
    story.node(b, primaryInfo("h2", after: "h1"))
    for id in ["t1", "t2"] { story.remade(id, b, epoch: 2) }
    story.wait(31)
    for id in ["t1", "t2"] { story.remade(id, b, epoch: 2) }
    story.node(b, primaryInfo("h2", after: "h1"))
    #expect(story.primary == b, "\(story.why)")
  }

  @Test("One node under two names is one node")
  func names() {
    var story = SentinelStory()
    let alias = NodeAddress(host: "10.0.0.1", port: 6379)
    story.answer("s1", p, epoch: 1)
    story.answer("s2", alias, epoch: 1)
    story.answer("s3", p, epoch: 1)
    for name in [p, alias] { story.node(name, primaryInfo("h0"), runID: "one") }
    for replica in [a, b] { story.node(replica, replicaInfo(of: p, "h0")) }
    #expect(story.primary == p)
    story.answer("s2", alias, epoch: 1)
    #expect(story.primary == p)
    #expect(story.topology.snapshot.replicas.map(\.node) == [a, b])
    story.event("s2", .failover(against: alias))
    #expect(story.primary == nil)
  }

  @Test("A name that Sentinel does not know is said with those that it knows")
  func unknownName() {
    var story = SentinelStory()
    story.topology.denied(knowing: ["myMaster", "cache"], by: "s1", at: SentinelStory.sentinel("s1"), now: 1)
    #expect(
      story.why
        == "Sentinel watches no master called mymaster: it watches cache, myMaster; upper and lower case matter")
    #expect(story.topology.isComplete)
    story.topology.denied(knowing: [], by: "s1", at: SentinelStory.sentinel("s1"), now: 2)
    #expect(story.why == "Sentinel watches no master called mymaster: it watches none")
  }
}
