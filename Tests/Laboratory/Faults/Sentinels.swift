import TestSupport

extension Fault {
  static let sentinels = [
    Fault("sentinel-killed", "SIGKILL of the configured Sentinel", promise: .nothing) { lab in
      lab.sentinels[0].kill()
      pause(.seconds(2))
    },
    Fault("sentinels-killed", "SIGKILL of all Sentinels", promise: .nothing) { lab in
      for sentinel in lab.sentinels { sentinel.kill() }
      pause(.seconds(3))
    },
    Fault("abandoned", "A failover that is abandoned: primary hung, no replica may be promoted", promise: .nothing) {
      lab in
      for replica in lab.redis.replicas { try replica.call("CONFIG", "SET", "replica-priority", "0") }
      try eventually("the Sentinels know that") {
        try lab.sentinels.allSatisfy { try $0.priorities() == ["0", "0"] }
      }
      let old = lab.redis.primary
      old.freeze()
      try eventually("the failover is given up") {
        lab.sentinels.contains { $0.log.contains("-failover-abort-no-good-slave") }
      }
      old.thaw()
      try lab.waitForSilenceEnd()
    },
    Fault("abandoned-late", "A failover that is abandoned: the selected replica hangs", promise: .nothing) { lab in
      let chosen = lab.redis.replicas[0]
      try chosen.call("CONFIG", "SET", "replica-priority", "10")
      try eventually("the Sentinels know that") {
        try lab.sentinels.allSatisfy { try $0.priorities().contains("10") }
      }
      chosen.freeze()
      try lab.sentinel("SENTINEL", "FAILOVER", "mymaster")
      try eventually("the failover is given up") {
        lab.sentinels.contains { $0.log.contains("-failover-abort-slave-timeout") }
      }
      // It finds the order to become a primary when it wakes, and obeys.
      chosen.thaw()
      try lab.waitForSilenceEnd()
    },
  ]
}
