import TestSupport

extension Fault {
  static let series = [
    Fault("twice", "Two `SENTINEL FAILOVER`s in a row", promise: .nothing) { lab in
      for _ in 0..<2 {
        let old = try lab.primary()
        try eventually(within: .seconds(60), "a failover begins") {
          try lab.sentinels[0].call("SENTINEL", "FAILOVER", "mymaster") == .simple("OK")
        }
        try lab.waitForSwitch(from: old)
      }
    },
    Fault("rolling", "A rolling restart of everything", promise: .nothing) { lab in
      for replica in lab.redis.replicas {
        replica.shutDown()
        try replica.start()
        try lab.waitUntilLinked([replica])
      }
      for sentinel in lab.sentinels {
        sentinel.kill()
        try sentinel.start()
        try eventually("the Sentinel is back") { try sentinel.primaryPort() != nil }
      }
      let old = lab.redis.primary
      try eventually("a failover begins") {
        try lab.sentinels[0].call("SENTINEL", "FAILOVER", "mymaster") == .simple("OK")
      }
      try lab.waitForSwitch(from: old)
      old.shutDown()
      try old.start()
      try lab.waitForSilenceEnd()
    },
  ]
}
