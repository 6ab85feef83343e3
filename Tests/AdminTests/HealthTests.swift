import Testing

@testable import Admin

struct HealthTests {
  private func health(_ change: (inout Health) -> Void) -> Health {
    var health = Health()
    health.isAccepting = true
    health.hasPrimary = true
    health.hold = 10
    change(&health)
    return health
  }

  @Test func `all is well`() {
    let health = health { _ in }
    #expect(health.live.isGood && health.startup.isGood && health.ready.isGood)
  }

  @Test func `before the topology was looked at it is alive only`() {
    let health = health { $0.isAccepting = false }
    #expect(health.live.isGood && !health.startup.isGood && !health.ready.isGood)
  }

  @Test func `without a primary it is ready for as long as requests wait for one`() {
    let held = health { ($0.hasPrimary, $0.absentFor, $0.absence) = (false, 9.9, "it is gone") }
    #expect(held.live.isGood && held.ready == .yes("no primary, requests wait for one: it is gone"))
    let refused = health { ($0.hasPrimary, $0.absentFor, $0.absence) = (false, 10, "it is gone") }
    #expect(refused.live.isGood && refused.startup.isGood && refused.ready == .no("no primary: it is gone"))
  }

  @Test func `one that ends is alive and not ready`() {
    let health = health { $0.isStopping = true }
    #expect(health.live.isGood && health.ready == .no("shutting down"))
  }

  @Test func `only a thread that does not answer calls for a restart`() {
    let health = health { $0.silentWorkers = [1, 3] }
    #expect(health.live == .no("no answer from worker 1, 3"))
  }
}
