import Testing

@Suite("Read-your-writes against a model that knows the truth")
struct FenceSimulationTests {
  private static let seedsOfOne: UInt64 = 100

  /// A failure names its seed: `FenceSimulation(seed:)` runs the same steps again.
  @Test("Every read sees what was acknowledged before it was sent", arguments: 0..<20 as Range<UInt64>)
  func promise(hundred: UInt64) {
    var checked = 0
    var failovers = 0
    for seed in hundred * Self.seedsOfOne..<(hundred + 1) * Self.seedsOfOne {
      let simulation = FenceSimulation(seed: seed)
      simulation.run(steps: 600)
      #expect(simulation.violation == nil, "seed \(seed)")
      checked += simulation.checked
      failovers += simulation.failovers
      guard simulation.violation == nil else { continue }
      let unfinished = simulation.unfinishedBusiness()
      #expect(unfinished == nil, "seed \(seed)")
    }
    print("checked", checked, "failovers", failovers)
  }
}
