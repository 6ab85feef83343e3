import TestSupport

extension Fault {
  static let primaryHung = [
    Fault("freeze", "SIGSTOP of the primary, SIGCONT after the failover", promise: .inFlight) { lab in
      let old = lab.redis.primary
      old.freeze()
      try lab.waitForSwitch(from: old)
      old.thaw()
      try lab.waitForSilenceEnd()
    }
  ]
}
