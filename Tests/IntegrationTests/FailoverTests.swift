import Laboratory
import TestSupport
import Testing

/// Some of the laboratory's faults. All of them, with the times that they take: `make failover-report`.
@Suite(.throughTheAmbassador, .serialized)
struct FailoverTests {
  static let faults = [
    "kill", "kill-dns", "restart-static", "sentinel-failover", "sentinel-failover-min-replicas", "failover-to",
    "replicaof-static", "replica-killed", "replica-hung", "sentinel-killed", "abandoned",
  ].filter { Fault.named($0)?.isPossible ?? true }

  @Test(arguments: faults)
  func `clients see of a fault what was promised, and no more`(name: String) throws {
    guard let fault = Fault.named(name) else { throw Failure("there is no fault \(name)") }
    let run = try Laboratory.run(fault, untilCalm: false)
    let broken = run.findings.brokenPromises(fault.promise)
    try check(broken.isEmpty, "\(name): \(broken.joined(separator: "; "))\n\(run.log)")
  }
}
