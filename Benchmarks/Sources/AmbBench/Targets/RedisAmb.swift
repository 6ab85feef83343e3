/// redis-amb as it is shipped: told the primary, it finds the replicas itself.
struct RedisAmb: ProxyRecipe {
  let path: String
  let kind = TargetKind.amb
  let isMultithreaded = true
  let versionArguments = ["--version"]

  func program() throws -> String {
    guard let program = Files.program(path) else {
      throw BenchError(
        "redis-amb is not at \(path); build it with `swift build -c release`, say --amb PATH, "
          + "or leave it out with --targets direct,haproxy,twemproxy")
    }
    return program
  }

  func arguments(_ request: LaunchRequest) throws -> [String] {
    [
      try program(), "run", "--listen", "127.0.0.1:\(request.listen)", "--primary", "127.0.0.1:\(request.primary)",
      "--threads", "\(request.threads)",
    ] + request.flags
  }
}
