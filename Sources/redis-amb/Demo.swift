import Ambassador
import ArgumentParser
import Configuration
import Glibc

/// The main job on one machine: servers of our own, and the ambassador in front of them.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run a throw-away primary, two replicas and the ambassador on this machine.",
    discussion: "The servers are real redis-server processes on free ports without persistence; Ctrl-C ends them all.")

  @Option(help: "The port for the app; another one is chosen when it is taken.")
  var port: UInt16 = 6379

  func run() throws {
    let servers: DemoServers
    do {
      servers = try DemoServers(replicas: 2)
    } catch {
      Terminal.error.write("redis-amb demo: \(error)\n")
      throw ExitCode(1)
    }
    defer { servers.end() }

    var configuration = AmbassadorConfiguration(primary: Endpoint(host: "127.0.0.1", port: servers.primary))
    let free = FreePort.preferring(port)
    configuration.listen = [Listener(.tcp(Endpoint(host: "127.0.0.1", port: free)))]
    let control = controlSocket(in: servers.directory)
    configuration.admin.socket = control
    do {
      try Ambassador.run(configuration) { _ in introduce(servers, free, control) }
    } catch {
      Terminal.error.write("redis-amb demo: \(error)\n")
      throw ExitCode(1)
    }
  }

  /// The usual one where it can be had: by root, and when no other ambassador has it.
  private func controlSocket(in directory: String) -> String {
    let usual = AmbassadorConfiguration.Admin.defaultSocket
    let parent = String(usual[..<(usual.lastIndex(of: "/") ?? usual.endIndex)])
    let canBeMade = access(parent, W_OK) == 0 || access(parent, F_OK) != 0 && access("/run", W_OK) == 0
    return canBeMade && access(usual, F_OK) != 0 ? usual : "\(directory)/control.sock"
  }

  private func introduce(_ servers: DemoServers, _ free: UInt16, _ control: String) {
    let amb = CommandLine.arguments.first ?? "redis-amb"
    let socket = control == AmbassadorConfiguration.Admin.defaultSocket ? "" : " --socket \(control)"
    let cli = free == 6379 ? "redis-cli" : "redis-cli -p \(free)"
    let taken = free == port ? "" : "   (port \(port) is taken)"
    Terminal.output.write(
      """

        app -> redis-amb 127.0.0.1:\(free)\(taken)
                 writes -> primary 127.0.0.1:\(servers.primary)
                 reads  -> replica 127.0.0.1:\(servers.replicas[0])
                           replica 127.0.0.1:\(servers.replicas[1])

      In another terminal:
        \(cli) set greeting hello            a write: it runs on the primary
        \(cli) get greeting                  a read: a replica answers
        redis-cli -p \(servers.primary) info commandstats       what the primary has run
        redis-cli -p \(servers.replicas[0]) info commandstats       what a replica has run
        \(amb) explain\(socket) GET greeting
        \(amb) top\(socket)
        redis-benchmark -p \(free) -t set,get -n 100000 -q
        kill -STOP \(servers.processes[1])                     freeze a replica: reads go on (kill -CONT wakes it)

      Ctrl-C ends everything.


      """)
  }
}

/// Ports that nobody listens on.
enum FreePort {
  /// The wanted port if it is free, else one that the kernel picks.
  static func preferring(_ wanted: UInt16) -> UInt16 { bound(to: wanted) ?? any() ?? wanted }

  static func any() -> UInt16? { bound(to: 0) }

  /// Binds and lets go again.
  private static func bound(to port: UInt16) -> UInt16? {
    let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard fd >= 0 else { return nil }
    defer { close(fd) }
    var reuse: Int32 = 1
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic -> UInt16? in
        guard bind(fd, generic, length) == 0, listen(fd, 1) == 0, getsockname(fd, generic, &length) == 0 else {
          return nil
        }
        return UInt16(bigEndian: UnsafeRawPointer(generic).load(as: sockaddr_in.self).sin_port)
      }
    }
  }
}
