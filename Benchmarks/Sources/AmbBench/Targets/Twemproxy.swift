/// twemproxy (nutcracker): all clients share one upstream connection; one thread, always.
struct Twemproxy: ProxyRecipe {
  let path: String
  let kind = TargetKind.twemproxy
  let isMultithreaded = false
  let versionArguments = ["-V"]

  func program() throws -> String {
    guard let program = Files.program(path) else {
      throw BenchError("twemproxy is missing (\(path)); install with: apt-get install nutcracker")
    }
    return program
  }

  func arguments(_ request: LaunchRequest) throws -> [String] {
    let configuration = """
      bench:
        listen: 127.0.0.1:\(request.listen)
        hash: fnv1a_64
        distribution: ketama
        redis: true
        preconnect: true
        auto_eject_hosts: false
        backlog: 4096
        servers:
         - 127.0.0.1:\(request.primary):1

      """
    let name = "twemproxy-\(request.listen)"
    let file = request.directory.file("\(name).yml")
    try Files.write(configuration, to: file)
    return [
      try program(), "-c", file, "-p", request.directory.file("\(name).pid"), "-v", "4",
      "-s", "\(try Ports.free())", "-a", "127.0.0.1", "-o", request.directory.file("\(name).out"),
    ]
  }
}
