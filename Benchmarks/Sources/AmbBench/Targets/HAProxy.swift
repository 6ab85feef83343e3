/// HAProxy in TCP mode: one upstream connection for each client, bytes passed on unread.
struct HAProxy: ProxyRecipe {
  let path: String
  let kind = TargetKind.haproxy
  let isMultithreaded = true
  let versionArguments = ["-v"]

  func program() throws -> String {
    guard let program = Files.program(path) else {
      throw BenchError("haproxy is missing (\(path)); install with: apt-get install haproxy")
    }
    return program
  }

  func arguments(_ request: LaunchRequest) throws -> [String] {
    let configuration = """
      global
        nbthread \(request.threads)
        maxconn \((request.fileLimit - 200) / 2)
      defaults
        mode tcp
        maxconn \((request.fileLimit - 200) / 2)
        timeout connect 5s
        timeout client 1h
        timeout server 1h
      listen redis
        bind 127.0.0.1:\(request.listen) backlog 4096
        server primary 127.0.0.1:\(request.primary)

      """
    let file = request.directory.file("haproxy-\(request.listen).cfg")
    try Files.write(configuration, to: file)
    return [try program(), "-db", "-f", file]
  }
}
