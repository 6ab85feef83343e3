import Testing

/// Breaking the core on purpose, each of these was seen to fail here: coverage that does not look at the history; a change
/// of history that goes unnoticed (nothing is ever fenced again); belief in a primary that has a successor; a batch that
/// was given up counted as proven, or proven by a batch begun before that; fences beyond an open batch; fences at the
/// last answer instead of the furthest; a fence that counts ten bytes before it is reached, or the one after it;
/// `learn` that keeps what was proven when the node has gone back, or does not look at what was promised; an error for an
/// answer that leaves what was proven; no probe for a history that only replicas name; writes to everything not entered.
///
/// Not seen here, and left to the tables of `FenceBookTests`: stale answers believed after a change of history, or after a
/// batch of a later reign was begun; no probe for what was given up while a batch begun before that is open.
@Suite("Read-your-writes against a model that knows the truth")
struct FenceSimulationTests {
  /// A failure names its seed: `FenceSimulation(seed:)` runs the same steps again.
  @Test("Every read sees what was acknowledged before it was sent", arguments: 0..<20 as Range<UInt64>)
  func promise(hundred: UInt64) {
    var checked = 0
    var failovers = 0
    for seed in hundred * 100..<(hundred + 1) * 100 {
      let simulation = FenceSimulation(seed: seed)
      simulation.run(steps: 600)
      #expect(simulation.violation == nil, "seed \(seed)")
      checked += simulation.checked
      failovers += simulation.failovers
      guard simulation.violation == nil else { continue }
      let unfinished = simulation.unfinishedBusiness()
      #expect(unfinished == nil, "seed \(seed)")
    }
    // Promises that nobody relies on are easily kept.
    #expect(checked > 200)
    #expect(failovers > 20)
  }
}
