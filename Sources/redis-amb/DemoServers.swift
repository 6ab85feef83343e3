import Ambassador
import Glibc
import Topology

/// A primary and its replicas as processes of ours: they end with us, however we end.
final class DemoServers {
  /// Why they are not there, as one sentence.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let primary: UInt16
  let replicas: [UInt16]
  /// Process ids, the primary's first.
  private(set) var processes: [pid_t] = []
  /// What goes away with them.
  let directory: String

  init(replicas count: Int) throws(Failure) {
    guard let server = Self.find("redis-server") else {
      throw Failure(description: "redis-server is not installed; install it with: apt-get install redis-server")
    }
    var template = Array("/tmp/redis-amb-demo.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw Failure(description: "cannot make a directory in /tmp: \(String(cString: strerror(errno)))")
    }
    directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard let primary = FreePort.any() else { throw Failure(description: "no port is free on 127.0.0.1") }
    self.primary = primary
    var replicas: [UInt16] = []
    while replicas.count < count {
      guard let port = FreePort.any() else { throw Failure(description: "no port is free on 127.0.0.1") }
      if port != primary && !replicas.contains(port) { replicas.append(port) }
    }
    self.replicas = replicas

    try start(server, port: primary, following: nil)
    for port in replicas { try start(server, port: port, following: primary) }
    let node = NodeAddress(host: "127.0.0.1", port: primary)
    guard TopologyProbe.wait(primary: node, fitReplicas: count, within: 20) else {
      end()
      throw Failure(description: "the redis-servers were not ready within 20 s; see \(directory)")
    }
  }

  /// Ends the servers and removes what they left.
  func end() {
    for process in processes { kill(process, SIGKILL) }
    for process in processes { waitpid(process, nil, 0) }
    processes = []
    if let stream = opendir(directory) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink("\(directory)/\(name)")
      }
      closedir(stream)
    }
    rmdir(directory)
  }

  private func start(_ server: String, port: UInt16, following primary: UInt16?) throws(Failure) {
    var arguments = [
      server, "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", directory,
      "--logfile", "\(directory)/\(port).log", "--repl-diskless-sync-delay", "0",
    ]
    if let primary { arguments += ["--replicaof", "127.0.0.1", "\(primary)"] }
    // Should we be killed without a chance to clean up, the kernel ends the servers.
    if let setpriv = Self.find("setpriv") { arguments = [setpriv, "--pdeathsig", "KILL", "--"] + arguments }

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A process group of their own: Ctrl-C is for us, and we end them in order.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var cArguments: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for argument in cArguments { free(argument) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, arguments[0], nil, &attributes, &cArguments, environ)
    guard status == 0 else {
      end()
      throw Failure(description: "cannot start \(server): \(String(cString: strerror(status)))")
    }
    processes.append(process)
  }

  private static func find(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
  }
}
