import TestSupport

extension Fault {
  static let replicas = [
    Fault("replica-killed", "SIGKILL of a replica, which returns", promise: .nothing) { lab in
      let replica = lab.redis.replicas[0]
      replica.kill()
      try lab.load.goOn(50)
      try replica.start()
      try lab.waitUntilLinked([replica])
      try lab.load.goOn(50)
    },
    Fault("replica-hung", "SIGSTOP of a replica for 3 s", promise: .nothing) { lab in
      let replica = lab.redis.replicas[0]
      replica.freeze()
      pause(.seconds(3))
      replica.thaw()
      try lab.load.goOn(50)
    },
  ]
}
