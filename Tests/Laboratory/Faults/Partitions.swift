import TestSupport

extension Fault {
  static let partitions = [
    Fault(
      "partition", "Primary cut from the rest, the ambassador with the rest", promise: .inFlight, partition: .withRest
    ) { lab in try partition(lab) },
    Fault(
      "partition-with-primary", "Primary cut from the rest, the ambassador with the primary", promise: .cutOff,
      partition: .withPrimary
    ) { lab in try partition(lab) },
  ]

  private static func partition(_ lab: Laboratory) throws {
    let old = lab.redis.primary
    try lab.cut()
    try lab.waitForSwitch(from: old)
    try lab.heal()
    try lab.waitForSilenceEnd()
  }
}
