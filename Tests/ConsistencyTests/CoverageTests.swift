import Testing

@testable import Consistency

@Suite("What is proven of a connection's data")
struct CoverageTests {
  private static let o = History.old
  private static let n = History.new

  /// A connection that owns its coverage.
  private final class Lane {
    var coverage = Coverage()

    /// Asks and takes the answer.
    func learn(_ point: ReplicationPoint, covering covered: Ticket, now: Double = 0) -> Bool {
      coverage.ask()
      return answer(point, covering: covered, now: now)
    }

    func answer(_ point: ReplicationPoint, covering covered: Ticket, now: Double = 0) -> Bool {
      coverage.learn(point, covering: covered, now: now)
    }

    func learnNothing(now: Double = 0) -> Bool {
      coverage.ask()
      return coverage.learnNothing(now: now)
    }
  }

  @Test("A node that goes on in its history keeps what it has")
  func goesOn() {
    let lane = Lane()
    #expect(lane.learn(Self.o.replica(50), covering: 3))
    #expect(lane.coverage.proven == 3)
    #expect(lane.learn(Self.o.replica(50), covering: 4))
    #expect(lane.coverage.proven == 4)
    // The ledger has thinned its fences out, or awaits a new history.
    #expect(lane.learn(Self.o.replica(60), covering: 2))
    #expect(lane.learn(Self.o.replica(60), covering: 0))
    #expect(lane.coverage.proven == 4)
  }

  @Test("One that goes back has what the ledger says of its point, and no more")
  func goesBack() {
    let lane = Lane()
    #expect(lane.learn(Self.o.replica(50), covering: 3))
    #expect(!lane.learn(Self.o.replica(49), covering: 2))
    #expect(lane.coverage.proven == 2)
    // It was further once, which says nothing of the data that it has now.
    #expect(lane.learn(Self.o.replica(50), covering: 2))
    #expect(lane.coverage.proven == 2)
    #expect(lane.learn(Self.o.replica(51), covering: 3))
  }

  @Test("Going back costs nothing when the ledger covers the point all the same")
  func goesBackWithinFence() {
    let lane = Lane()
    #expect(lane.learn(Self.o.replica(50), covering: 3))
    #expect(lane.learn(Self.o.replica(49), covering: 3))
    #expect(lane.coverage.proven == 3)
  }

  @Test("Another history proves nothing by what was known of the last")
  func changesHistory() {
    let lane = Lane()
    #expect(lane.learn(Self.o.replica(50), covering: 3))
    #expect(!lane.learn(Self.n.replica(60), covering: 0))
    #expect(lane.coverage.proven == 0)
    #expect(lane.learn(Self.n.replica(60), covering: 5))
    #expect(lane.learn(Self.n.replica(61), covering: 6))
    #expect(lane.learn(Self.o.replica(70), covering: 6))
    #expect(lane.coverage.proven == 6)
  }

  @Test(
    "A promise is kept or broken by the next answer",
    arguments: [
      (promised: 4, covered: 5, holds: true), (5, 5, true), (6, 5, false), (3, 0, true), (4, 0, false),
    ] as [(Ticket, Ticket, Bool)])
  func promise(promised: Ticket, covered: Ticket, holds: Bool) {
    let lane = Lane()
    #expect(lane.learn(Self.o.replica(50), covering: 3))
    lane.coverage.ask()
    lane.coverage.promise(promised)
    lane.coverage.promise(1)
    #expect(lane.coverage.promised == promised)
    #expect(lane.answer(Self.o.replica(60), covering: covered) == holds)
    #expect(lane.coverage.proven == max(3, covered))
    #expect(lane.coverage.promised == 0)
    #expect(lane.learn(Self.o.replica(60), covering: 0))
  }

  @Test("What was promised behind a second probe falls with the first, or is proven by it")
  func twoProbes() {
    let lane = Lane()
    lane.coverage.ask()
    lane.coverage.promise(5)
    lane.coverage.ask()
    lane.coverage.promise(9)
    let other = Lane()
    other.coverage = lane.coverage
    #expect(!lane.answer(Self.o.replica(50), covering: 6))
    #expect(other.answer(Self.o.replica(50), covering: 9))
    // The reads behind the second rely on what the first has proven.
    #expect(!other.answer(Self.o.replica(40), covering: 8))
  }

  @Test("An answer that is none leaves nothing to rely on")
  func learnNothing() {
    let lane = Lane()
    #expect(lane.learnNothing())
    lane.coverage.promise(1)
    #expect(!lane.learnNothing())
    #expect(lane.learn(Self.o.replica(50), covering: 3))
    #expect(!lane.learnNothing())
    #expect(lane.coverage.proven == 0)
    #expect(lane.learn(Self.o.replica(40), covering: 2))
    #expect(lane.coverage.proven == 2)
  }

  @Test("Asks only for what may be learned, and one question at a time")
  func mayLearn() {
    let lane = Lane()
    #expect(!lane.coverage.mayLearn(fenced: 0, now: 0))
    #expect(lane.coverage.mayLearn(fenced: 3, now: 0))
    lane.coverage.ask()
    #expect(!lane.coverage.mayLearn(fenced: 3, now: 9))
    #expect(lane.answer(Self.o.replica(50), covering: 3, now: 9))
    #expect(!lane.coverage.mayLearn(fenced: 3, now: 99))
    #expect(lane.coverage.mayLearn(fenced: 4, now: 99))
  }

  @Test("Pauses double while answers bring nothing, up to the longest, and shrink with the first that does")
  func pauses() {
    let lane = Lane()
    var now = 1.0
    var expected = Coverage.firstPause
    for covered in [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1] as [Ticket] {
      let isNews = covered > lane.coverage.proven
      expected = isNews ? Coverage.firstPause : min(expected * 2, Coverage.lastPause)
      #expect(lane.learn(Self.o.replica(50), covering: covered, now: now))
      #expect(!lane.coverage.mayLearn(fenced: 2, now: now + expected * 0.99))
      #expect(lane.coverage.mayLearn(fenced: 2, now: now + expected * 1.01))
      now += 1
    }
    #expect(expected < Coverage.lastPause)
    for _ in 0..<9 { _ = lane.learnNothing(now: now) }
    #expect(!lane.coverage.mayLearn(fenced: 2, now: now + Coverage.lastPause * 0.99))
    #expect(lane.coverage.mayLearn(fenced: 2, now: now + Coverage.lastPause * 1.01))
  }

  @Test("An answer without a question does no harm")
  func unasked() {
    let lane = Lane()
    #expect(lane.answer(Self.o.replica(50), covering: 3))
    #expect(lane.coverage.asked == 0)
    #expect(lane.coverage.mayLearn(fenced: 4, now: 1))
  }
}
