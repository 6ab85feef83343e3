/// Small GETs beside one client after the other that does something large, slow or long. Several rounds, the targets of each
/// right after one another; of each percentile the median over the rounds.
struct NeighboursScenario {
  let context: ScenarioContext

  private struct Run {
    let neighbour: Neighbour
    let kind: TargetKind
    let alone: [Double]
    let beside: [Double]
    let getters: SteadyGetters.Findings
    let done: Nuisance.Findings
    let seconds: Double
  }

  private var seconds: Double { context.options.isQuick ? 2 : 5 }
  private var neighbours: [Neighbour] { Neighbour.allCases.filter { context.options.includes($0.rawValue) } }

  func run() throws {
    let dataset = Dataset(valueSize: 32, keys: 10_000)
    let servers = context.launcher.servers
    try dataset.fill(servers)
    try BigValues(count: 2, size: 1 << 20).store(in: servers)
    try prepare(servers)
    var runs: [Run] = []
    let processors = try Processors(context.launcher.supervisor, context.launcher.directory)
    for neighbour in neighbours {
      // What happens on the primary's machine is no matter of the pod's. On CPUs that both share, most of what is measured
      // is whose turn it is.
      let isApart =
        try neighbour.sparesReplicas
        && processors.setApart(servers.primary.child, from: servers.replicas.map(\.child))
      defer { if isApart { try? processors.reunite(servers.all.map(\.child)) } }
      for round in 1...context.options.rounds {
        let upstream = neighbour.sparesReplicas ? servers.replicas[0].port : servers.primary.port
        try context.eachTarget("neighbours, \(neighbour.rawValue), round \(round)", upstream: upstream) {
          runs.append(try measure(neighbour, $0, dataset))
        }
      }
    }
    print(runs)
    addBars(runs)
  }

  private func prepare(_ servers: RedisServers) throws {
    let connection = try servers.primary.connect()
    if neighbours.contains(.keys) {
      // Not filled by a script: a million writes in one command would be one unit of replication.
      let many = context.options.isQuick ? 100_000 : 1_000_000
      for start in stride(from: 0, to: many, by: 1000) {
        try connection.send((start..<start + 1000).flatMap { Request.encode(["SET", "many:\($0)", "v"]) })
        for _ in 0..<1000 { _ = try connection.receive() }
      }
    }
    if neighbours.contains(.pulling) || neighbours.contains(.storing) {
      try connection.send(Self.store)
      guard try connection.receive() == .simple("OK") else { throw BenchError("100 MB are not taken") }
    }
    if neighbours.contains(.slowReader) {
      let value = [UInt8](repeating: 0x73, count: Neighbour.slowSize)
      try connection.send(Request.encode([Array("SET".utf8), Array("slow".utf8), value]))
      guard try connection.receive() == .simple("OK") else { throw BenchError("16 MiB are not taken") }
    }
    try servers.waitForReplication()
  }

  private static let store = Request.encode([
    Array("SET".utf8), Array(Neighbour.hugeKey.utf8), [UInt8](repeating: 0x68, count: Neighbour.hugeSize),
  ])

  private func measure(_ neighbour: Neighbour, _ target: RunningTarget, _ dataset: Dataset) throws -> Run {
    let servers = context.launcher.servers
    let port = target.kind == .direct && neighbour.sparesReplicas ? servers.replicas[0].port : target.port
    let getters = try SteadyGetters(
      port: port, clients: 20, perSecond: 100, dataset: dataset, threads: context.options.clientThreads)
    defer { _ = getters.stop() }
    Clock.sleep(milliseconds: 500)
    let aloneBegan = Clock.now()
    Clock.sleep(milliseconds: seconds * 400)
    let besideBegan = Clock.now()
    let finish = try begin(neighbour, target)
    Clock.sleep(milliseconds: seconds * 1000)
    let besideEnded = Clock.now()
    let done = finish()
    let gets = getters.stop()
    if neighbour == .storing { try servers.waitForReplication() }
    return Run(
      neighbour: neighbour, kind: target.kind, alone: gets.latencies(in: aloneBegan..<besideBegan),
      beside: gets.latencies(in: besideBegan..<besideEnded), getters: gets, done: done,
      seconds: Double(Clock.now() - besideBegan) / 1e9)
  }

  /// Starts the neighbour; what comes back ends it.
  private func begin(_ neighbour: Neighbour, _ target: RunningTarget) throws -> () -> Nuisance.Findings {
    let port =
      target.kind == .forwarder && neighbour.sparesReplicas ? context.launcher.servers.primary.port : target.port
    if neighbour == .slowReader {
      let values = BigValues(values: [[UInt8](repeating: 0x73, count: Neighbour.slowSize)])
      let readers = try SlowReaders(
        port: port, count: 4, bytesPerSecond: 1_000_000, arrival: 0.5, seconds: seconds - 0.5, values: values,
        key: "slow")
      return {
        readers.join()
        let found = readers.result
        return Nuisance.Findings(rounds: found?.complete ?? 0, failure: found?.wrong.first)
      }
    }
    let nuisance = try Nuisance(port: port, bufferSize: 1 << 18, pause: neighbour == .script ? 200 : 0) {
      connection, _ in
      switch neighbour {
      case .bigValues:
        guard case .bulk(let value?) = try connection.command("GET", BigValues.key(0)), value.count == 1 << 20 else {
          throw BenchError("not the value that was stored")
        }
      case .script:
        let script = """
          local began = redis.call('TIME')
          repeat local now = redis.call('TIME')
          until (now[1] - began[1]) * 1000000 + now[2] - began[2] > 200000
          return 1
          """
        guard try connection.command("EVAL", script, "0") == .integer(1) else { throw BenchError("no script") }
      case .keys:
        guard case .array(let keys) = try connection.command("KEYS", "many:9999?"), keys.count == 10 else {
          throw BenchError("not the keys that were stored")
        }
      case .pulling:
        guard case .bulk(let value?) = try connection.command("GET", Neighbour.hugeKey),
          value.count == Neighbour.hugeSize
        else { throw BenchError("not the value that was stored") }
      case .storing:
        try connection.send(Self.store)
        guard try connection.receive() == .simple("OK") else { throw BenchError("the value is not taken") }
      case .slowReader: break
      }
    }
    return { nuisance.stop() }
  }

  private func print(_ runs: [Run]) {
    let report = context.report
    report.heading("Neighbours: small GETs beside a client that ...")
    var table = Table(
      headings: [
        "beside one that", "target", "alone: p50 ms", "p99", "beside: p50 ms", "p99", "max", "its rounds/s", "errors",
      ],
      textColumns: [0, 1, 8])
    for neighbour in neighbours {
      for kind in TargetKind.allCases {
        let runs = runs.filter { $0.neighbour == neighbour && $0.kind == kind }
        guard !runs.isEmpty else { continue }
        func median(_ value: (Run) -> Double?) -> Double? { Statistics.median(runs.compactMap(value)) }
        let failure = runs.compactMap(\.done.failure).first
        let errors = runs.reduce(into: SteadyGetters.Findings()) { $0.add($1.getters) }.errorText
        table.add(
          neighbour.title, kind.rawValue, Format.decimals(median { Statistics.percentile($0.alone, 50) }, 3),
          Format.decimals(median { Statistics.percentile($0.alone, 99) }, 3),
          Format.decimals(median { Statistics.percentile($0.beside, 50) }, 3),
          Format.decimals(median { Statistics.percentile($0.beside, 99) }, 3),
          Format.decimals(median(\.beside.last), 3),
          Format.decimals(median { Double($0.done.rounds) / $0.seconds }, 1),
          failure.map { "neighbour: \($0)" } ?? errors)
      }
    }
    report.table(table)
    report.paragraph(
      "Small GETs: 20 clients on \(context.options.clientThreads) thread(s), 2,000/s together. Direct connections (and the forwarder's) lead to the primary, as the neighbour's does; beside "
        + "the script and KEYS, which keep the primary from everything else, those of the small GETs lead to a replica, and "
        + "the primary has a CPU of its own, as a machine of its own would have."
    )
  }

  private func addBars(_ runs: [Run]) {
    for neighbour in neighbours {
      func p99(_ kind: TargetKind) -> Double? {
        Statistics.median(
          runs.filter { $0.neighbour == neighbour && $0.kind == kind }.compactMap {
            Statistics.percentile($0.beside, 99)
          })
      }
      guard let amb = p99(.amb) else { continue }
      let name = "neighbours: p99 of small GETs, \(neighbour.rawValue)"
      if neighbour == .bigValues { context.report.add([.atMost(name, amb, 1.5, unit: " ms", isForLater: true)]) }
      if let direct = p99(.direct) {
        context.report.add([.atMost(name + ", to direct's", amb / direct, 1.5, unit: " ×", isForLater: true)])
      }
    }
  }
}
