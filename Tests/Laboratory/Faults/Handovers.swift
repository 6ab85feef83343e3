import TestSupport

extension Fault {
  static let handovers = [
    Fault("sentinel-failover", "`SENTINEL FAILOVER`", promise: .nothing) { lab in
      let old = lab.redis.primary
      try lab.sentinel("SENTINEL", "FAILOVER", "mymaster")
      try lab.waitForSwitch(from: old)
    },
    Fault(
      "sentinel-failover-min-replicas", "`SENTINEL FAILOVER` with `min-replicas-to-write 1`", promise: .nothing,
      options: ["--min-replicas-to-write", "1"]
    ) { lab in
      let old = lab.redis.primary
      try lab.sentinel("SENTINEL", "FAILOVER", "mymaster")
      try lab.waitForSwitch(from: old)
    },
    Fault("failover-to", "`FAILOVER TO` a replica, under Sentinel", promise: .nothing) { lab in try failoverTo(lab) },
    Fault("failover-to-static", "`FAILOVER TO` a replica, without Sentinel", .static, promise: .nothing) { lab in
      try failoverTo(lab)
    },
    Fault(
      "failover-to-aftermath", "`FAILOVER TO`, and Sentinel's own failover half a minute later", promise: .nothing
    ) { lab in
      try failoverTo(lab)
      try lab.waitForSwitch(from: lab.redis.primary)
    },
    Fault("replicaof", "`REPLICAOF` by hand, under Sentinel", promise: .nothing) { lab in try replicaOf(lab) },
    Fault("replicaof-static", "`REPLICAOF` by hand, without Sentinel", .static, promise: .nothing) { lab in
      try replicaOf(lab)
    },
  ]

  private static func failoverTo(_ lab: Laboratory) throws {
    let (old, new) = (lab.redis.primary, lab.redis.replicas[0])
    let reply = try old.call("FAILOVER", "TO", new.place.host, "\(new.port)")
    try check(reply == .simple("OK"), "FAILOVER TO: \(reply)")
    try eventually("the replica is the primary") {
      try new.info("replication")["role"] == "master" && old.info("replication")["master_link_status"] == "up"
    }
  }

  /// As a careful person does it: no write is accepted any more before the new one takes over, and the rest follows.
  private static func replicaOf(_ lab: Laboratory) throws {
    let (old, new, other) = (lab.redis.primary, lab.redis.replicas[0], lab.redis.replicas[1])
    try old.call("CLIENT", "PAUSE", "5000", "WRITE")
    let target = try old.info("replication")["master_repl_offset"] ?? ""
    try eventually("the replica has all") { try new.info("replication")["slave_repl_offset"] == target }
    try new.call("REPLICAOF", "NO", "ONE")
    try old.call("REPLICAOF", new.place.host, "\(new.port)")
    try old.call("CLIENT", "UNPAUSE")
    try other.call("REPLICAOF", new.place.host, "\(new.port)")
    try lab.waitUntilLinked([old, other])
  }
}
