import Glibc
import Synchronization

/// A real redis-server without persistence, on a port that stays its own through any number of deaths.
public final class RedisServer: Sendable {
  private static let program = "/usr/bin/redis-server"

  public let place: Place
  private let lease: PortLease
  private let directory: TemporaryDirectory
  private let options: [String]
  private let process = Mutex<ChildProcess?>(nil)

  public var port: UInt16 { lease.port }
  public var address: String { place.address(port) }

  /// `options` as on redis-server's command line. With `started: false` it is an address where nobody listens yet.
  /// - Parameter lease: of a port that others have at other addresses; nothing for one of its own.
  public init(
    options: [String] = [], started: Bool = true, place: Place = .here, lease: PortLease? = nil
  ) throws {
    self.place = place
    self.lease = try lease ?? PortLease()
    directory = try TemporaryDirectory()
    self.options = options
    if started { try start() }
  }

  deinit { kill() }

  public func start() throws {
    let line =
      place.launcher + [
        Self.program, "--port", "\(port)", "--bind", place.host, "--protected-mode", "no", "--save", "", "--appendonly",
        "no",
        "--dir", directory.path, "--repl-diskless-sync-delay", "0", "--enable-debug-command", "yes",
      ] + options
    let launch = { try ChildProcess(line, output: self.directory.file("log")) }
    var child = try launch()
    process.withLock { $0 = child }
    do {
      try eventually("redis-server on \(port) answers PONG") {
        // It may find its old port not quite free yet.
        if !child.isRunning {
          child = try launch()
          process.withLock { $0 = child }
        }
        return try connect(patience: .seconds(2)).call("PING") == .simple("PONG")
      }
    } catch { throw Failure("\(error)\n\(log.suffix(2000))") }
  }

  /// SIGKILL; all connections to it are reset.
  public func kill() {
    process.withLock {
      $0?.end()
      $0 = nil
    }
  }

  /// SIGTERM, as an operator does it; gone when this returns.
  public func shutDown() {
    process.withLock {
      $0?.terminate()
      $0 = nil
    }
  }

  public var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

  /// SIGSTOP: connections stay open, nothing moves.
  public func freeze() { process.withLock { $0?.signal(SIGSTOP) } }
  public func thaw() { process.withLock { $0?.signal(SIGCONT) } }

  public func restart() throws {
    kill()
    try start()
  }

  public var log: String { text(ofFile: directory.file("log")) ?? "" }

  public func connect(patience: Duration = Deadline.patience) throws -> RESPClient {
    try RESPClient(host: place.host, port: port, patience: patience)
  }
}

// MARK: - Asking

extension RedisServer {
  @discardableResult
  public func call(_ arguments: String...) throws -> RESPValue { try connect().call(arguments) }

  @discardableResult
  public func call(_ arguments: [String]) throws -> RESPValue { try connect().call(arguments) }

  /// A section of INFO, as fields and values.
  public func info(_ section: String) throws -> [String: String] {
    guard let text = try call("INFO", section).text else { throw Failure("no INFO from \(port)") }
    var fields: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[String(line[..<colon])] = String(line[line.index(after: colon)...])
    }
    return fields
  }

  /// How often this node has run `command` (in lower case; `object|encoding` for a subcommand).
  public func calls(of command: String) throws -> Int {
    guard let line = try info("commandstats")["cmdstat_\(command)"] else { return 0 }
    return line.split(separator: ",").first.flatMap { Int($0.dropFirst("calls=".count)) } ?? 0
  }

  /// What replication has brought this node to, whichever side of it the node is on.
  func offset() throws -> Int {
    let info = try info("replication")
    return Int(info[info["role"] == "slave" ? "slave_repl_offset" : "master_repl_offset"] ?? "") ?? -1
  }
}
