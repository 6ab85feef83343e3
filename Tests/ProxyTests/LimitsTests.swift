import Testing

@testable import Proxy

@Suite("Bounds that depend on each other")
struct LimitsTests {
  @Test("What stops resumes at less")
  func marks() {
    #expect(Limits.clientOutputLow < Limits.clientOutputHigh)
    #expect(Limits.laneBacklogLow < Limits.laneBacklogHigh)
    #expect(Limits.firstBackoff < Limits.lastBackoff)
  }

  @Test("One client's bound is within its worker's, one message within what a client may have waiting")
  func sizes() {
    let limits = Limits()
    #expect(limits.clientOutput < limits.workerMemory)
    #expect(Limits.clientOutputHigh < limits.clientOutput)
    // A reply that is held whole must fit below the mark at which nothing more is asked, and so must a request
    // that shares an upstream.
    #expect(Limits.streamedReply <= Limits.clientOutputHigh)
    #expect(Limits.largeRequest <= Limits.laneBacklogLow)
    #expect(Limits.largeRequest <= Limits.readChunk)
    #expect(Limits.streamedRequest <= limits.keptLarge)
    #expect(Limits.streamBacklog <= Limits.laneBacklogHigh)
    #expect(Limits.streamedReply <= Limits.bigReply)
    #expect(Limits.keptBuffer <= Limits.laneBacklogHigh)
  }

  @Test("Deadlines are longer than their resolution, a replica's patience shorter than the node's")
  func times() {
    let limits = Limits()
    for seconds in [
      limits.upstreamTimeout, limits.connectTimeout, Limits.replicaSilence, Limits.outputPatience,
      Limits.neighbourPatience, Limits.firstBackoff,
    ] {
      #expect(seconds > 2 * Limits.tick)
    }
    #expect(Limits.replicaSilence < limits.upstreamTimeout)
    #expect(Limits.patience >= 1)
  }

  @Test("Silence alone never uses up a read's attempts, and counters hold what they count")
  func attempts() {
    #expect(Limits.silentMoves < Limits.attempts)
    #expect(Limits.attempts > 1)
    #expect(Limits.clientInFlight > 0)
    #expect(Limits.idleUpstreams <= Limits().maxPinned)
  }
}
