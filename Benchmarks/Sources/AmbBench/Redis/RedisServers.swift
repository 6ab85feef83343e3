import Glibc

/// The Redis behind every target: a primary and two replicas on loopback, nothing on disk.
struct RedisServers {
  struct Server {
    let child: Child
    let port: UInt16

    func connect() throws -> RedisConnection { try RedisConnection(port: port) }

    func usedMemory() throws -> Int { try connect().info("memory", "used_memory") ?? 0 }
  }

  let primary: Server
  let replicas: [Server]

  var all: [Server] { [primary] + replicas }

  /// - Parameter retainsMemory: the servers never give memory back to the kernel. Where they hold gigabytes for slow
  ///   readers, faulting the pages in anew for every target would take seconds, and be all that is measured.
  /// - Parameter relay: given the primary's port, says where replicas find it instead.
  static func start(
    _ supervisor: ProcessSupervisor, _ directory: TemporaryDirectory, fileLimit: Int, retainsMemory: Bool = false,
    relay: (UInt16) throws -> UInt16 = { $0 }
  ) throws -> RedisServers {
    guard Files.program("redis-server") != nil else {
      throw BenchError("redis-server is missing; install with: apt-get install redis-server")
    }
    let environment =
      retainsMemory ? ["MALLOC_CONF": "oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1"] : [:]
    func server(_ name: String, _ extra: [String]) throws -> Server {
      try Self.server(name, extra, environment, supervisor, directory, fileLimit)
    }
    let primary = try server("primary", [])
    let source = try relay(primary.port)
    let replicas = try (1...2).map {
      try server("replica-\($0)", ["--replicaof", "127.0.0.1", "\(source)"])
    }
    let servers = RedisServers(primary: primary, replicas: replicas)
    try servers.waitForLinks()
    return servers
  }

  func end(_ supervisor: ProcessSupervisor) {
    for server in replicas + [primary] { supervisor.end(server.child) }
  }

  /// Until the replicas hold all that the primary was told. WAIT counts the writes of its own connection only, so a
  /// write behind all others stands for them.
  func waitForReplication() throws {
    let connection = try primary.connect()
    _ = try connection.command("SET", "replicated", "1")
    let reply = try connection.command("WAIT", "\(replicas.count)", "30000")
    guard reply == .integer(replicas.count) else {
      throw BenchError("only \(reply.text) of \(replicas.count) replicas caught up within 30 s")
    }
  }

  private func waitForLinks() throws {
    for replica in replicas {
      let connection = try replica.connect()
      let isUp = try Clock.wait(seconds: 20, every: 50) {
        try connection.command("INFO", "replication").text.contains("master_link_status:up")
      }
      guard isUp else { throw BenchError("the replica on port \(replica.port) has no link to its primary after 20 s") }
    }
  }

  private static func server(
    _ name: String, _ extra: [String], _ environment: [String: String], _ supervisor: ProcessSupervisor,
    _ directory: TemporaryDirectory, _ fileLimit: Int
  ) throws -> Server {
    let port = try Ports.free()
    let child = try supervisor.spawn(
      [
        "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", directory.path, "--dbfilename", "\(name)-\(port).rdb", "--maxclients", "\(fileLimit - 100)",
        "--tcp-backlog", "4096", "--repl-diskless-sync-delay", "0", "--repl-backlog-size", "64mb",
        "--client-output-buffer-limit", "replica", "0", "0", "0",
      ] + extra, log: directory.file("\(name)-\(port).log"), environment: environment)
    try Readiness.wait(for: child, port: port, what: "redis-server (\(name))")
    return Server(child: child, port: port)
  }
}
