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
  ]
}
