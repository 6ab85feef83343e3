import TestSupport
import Testing

/// Random sessions, valid and not, against a bare redis-server and against the ambassador in front of a primary and two
/// replicas: the same bytes, but for what `Mask` says.
struct DifferentialTests {
  /// `make differential SEEDS=n FIRST=m` asks for more of them.
  static let seeds: [UInt64] = {
    let first = Tool.number("REDIS_AMB_DIFFERENTIAL_FIRST") ?? 1
    return (0..<(Tool.number("REDIS_AMB_DIFFERENTIAL_SEEDS") ?? 42)).map { first + $0 }
  }()

  @Test(arguments: [1, 2])
  func `random sessions are those of a redis-server, over all types`(threads: Int) throws {
    try withLab(flags: ["--threads", "\(threads)"]) { lab in
      try run(DifferentialPair(port: lab.service.port), Self.seeds.filter { $0 % 3 == UInt64(threads) })
    }
  }

  @Test func `random sessions are those of a redis-server that demands a password`() throws {
    let redis = try RedisGroup(replicas: 2)
    for node in redis.nodes {
      let client = try node.connect()
      for name in ["masterauth", "requirepass"] { try client.call("CONFIG", "SET", name, "secret") }
    }
    let directory = try TemporaryDirectory()
    let port = try PortLease().port
    let file = try directory.write(
      """
      listen: [{address: 127.0.0.1:\(port), require-auth: true}]
      topology: {static: {primary: "\(redis.primary.address)"}}
      upstream: {password-file: \(try directory.write("secret", to: "password"))}
      """, to: "redis-amb.yaml")
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "run", "--config", file], output: directory.file("log"))
    defer { process.terminate() }
    try eventually("it serves") { try RESPClient(port: port).pipeline([["AUTH", "secret"], ["GET", "k"]])[1].isNull }
    do {
      try run(DifferentialPair(port: port, password: "secret"), Self.seeds.filter { $0 % 3 == 0 })
    } catch { throw Failure("\(error)\n\(process.output.suffix(2000))") }
  }

  private func run(_ pair: DifferentialPair, _ seeds: [UInt64]) throws {
    // One of a kind is enough to look at.
    var failures: [String: String] = [:]
    for seed in seeds where failures.count < 20 {
      do { try pair.run(seed: seed) } catch {
        let text = "\(error)"
        failures[text.split(separator: ":")[0].split(separator: " ").prefix(2).joined().lowercased()] =
          "seed \(seed): \(text)"
      }
    }
    try check(failures.isEmpty, failures.values.sorted().joined(separator: "\n"))
  }
}
