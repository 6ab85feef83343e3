/// Debian's redis-benchmark, run with an argument vector and read through its CSV.
struct RedisBenchmark {
  struct Result: Equatable {
    let requestsPerSecond: Double
    let p50: Double
    let p99: Double
  }

  let supervisor: ProcessSupervisor
  let directory: TemporaryDirectory

  func run(_ load: Load, port: UInt16) throws -> Result {
    let output = directory.file("redis-benchmark.csv")
    let child = try start(
      ["-t", load.operation.rawValue, "-d", "\(load.dataset.valueSize)"], requests: load.requests,
      clients: load.clients, pipeline: load.pipeline, keys: load.dataset.keys, port: port, output: output)
    let status = try supervisor.wait(for: child, seconds: 180)
    let text = Files.read(output) ?? ""
    guard status == 0, let result = Self.parse(text, operation: load.operation) else {
      let last = text.split(separator: "\n").last ?? "no output"
      throw BenchError("redis-benchmark on port \(port) ended with status \(status): \(last)")
    }
    return result
  }

  /// Starts one that does what `work` says: `-t` and tests, or a command in which `__rand_int__` stands for a key's number.
  func start(
    _ work: [String], requests: Int, clients: Int, pipeline: Int, keys: Int, port: UInt16, output: String
  ) throws -> Child {
    guard let program = Files.program("redis-benchmark") else {
      throw BenchError("redis-benchmark is missing; install with: apt-get install redis-tools")
    }
    return try supervisor.spawn(
      [
        program, "-h", "127.0.0.1", "-p", "\(port)", "--csv", "-n", "\(requests)", "-c", "\(clients)", "-P",
        "\(pipeline)", "-r", "\(keys)",
      ] + work, log: output)
  }

  /// The line of the operation: "GET","rps","avg","min","p50","p95","p99","max".
  static func parse(_ text: String, operation: Load.Operation) -> Result? {
    let name = "\"\(operation.rawValue.uppercased())\""
    guard let line = text.split(whereSeparator: { $0 == "\n" || $0 == "\r" }).last(where: { $0.hasPrefix(name) }) else {
      return nil
    }
    let fields = line.split(separator: ",").map { Double($0.filter { $0 != "\"" }) }
    guard fields.count >= 8, let rps = fields[1], let p50 = fields[4], let p99 = fields[6] else { return nil }
    return Result(requestsPerSecond: rps, p50: p50, p99: p99)
  }
}
