import TestSupport

extension Fault {
  static let primaryKilled = [
    Fault("kill", "SIGKILL of the primary", promise: .inFlight) { lab in
      let old = lab.redis.primary
      old.kill()
      try lab.waitForSwitch(from: old)
    },
    Fault("kill-return", "SIGKILL of the primary, which returns after the failover", promise: .inFlight) { lab in
      let old = lab.redis.primary
      old.kill()
      try lab.waitForSwitch(from: old)
      try old.start()
      try lab.waitForSilenceEnd()
    },
    Fault(
      "restart", "SIGKILL of the primary, which is back before it is missed", promise: .unknownOnly,
      options: ["--appendonly", "yes"]
    ) { lab in try restart(lab) },
    Fault(
      "restart-static", "SIGKILL of the primary, which is back at once, without Sentinel", .static,
      promise: .unknownOnly, options: ["--appendonly", "yes"]
    ) { lab in try restart(lab) },
    Fault(
      "kill-dns", "SIGKILL of the primary, another promoted by hand, with names in place of Sentinel", .dns,
      promise: .inFlight
    ) { lab in
      let (old, new, other) = (lab.redis.primary, lab.redis.replicas[0], lab.redis.replicas[1])
      old.kill()
      try new.call("REPLICAOF", "NO", "ONE")
      try other.call("REPLICAOF", new.place.host, "\(new.port)")
      try lab.waitUntilLinked([other])
    },
  ]

  /// With a file that keeps what was acknowledged.
  private static func restart(_ lab: Laboratory) throws {
    let old = lab.redis.primary
    old.kill()
    try old.start()
    try lab.waitForCalm()
  }
}
