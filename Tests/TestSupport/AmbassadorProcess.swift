import Glibc

/// The real binary, run as a person would run it.
public final class AmbassadorProcess: Sendable {
  /// Beside the test bundle, where the build puts both; REDIS_AMB_BINARY names another.
  public static var binary: String {
    if let path = environmentValue("REDIS_AMB_BINARY") { return path }
    var path = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &path, path.count)
    let bundle = String(decoding: path[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let beside = bundle.prefix(through: bundle.lastIndex(of: "/") ?? bundle.startIndex) + "redis-amb"
    return isExecutable(String(beside)) ? String(beside) : PackageDirectory.path + "/.build/debug/redis-amb"
  }

  public let place: Place
  public let port: UInt16
  /// Where its control socket is, unless the flags say otherwise.
  public var controlSocket: String { directory.file("control.sock") }
  /// Where its pages are served, unless the flags say otherwise.
  public var httpSocket: String { directory.file("http.sock") }
  private let directory: TemporaryDirectory
  private let process: ChildProcess

  /// Starts it and waits until it answers PING; who needs more than that waits for more. `hosts` is a file that it sees
  /// as /etc/hosts.
  public convenience init(
    primary: String, replicas: [String] = [], flags: [String] = [], hosts: String? = nil,
    environment: [String: String] = [:]
  ) throws {
    try self.init(
      topology: ["--primary", primary] + replicas.flatMap { ["--replica", $0] } + flags, hosts: hosts,
      environment: environment)
  }

  /// The same, with the topology among the flags.
  /// - Parameters:
  ///   - port: where it listens, as the configuration says; without one it is told by a flag, which is stronger.
  ///   - meanwhile: what to do as it starts.
  public init(
    topology flags: [String], listening port: UInt16? = nil, hosts: String? = nil, environment: [String: String] = [:],
    place: Place = .here, meanwhile: (ChildProcess) throws -> Void = { _ in }
  ) throws {
    self.place = place
    directory = try TemporaryDirectory()
    self.port = try port ?? PortLease().port
    let own = [
      "REDIS_AMB_ADMIN_SOCKET": directory.file("control.sock"),
      "REDIS_AMB_ADMIN_HTTP": "unix:" + directory.file("http.sock"),
    ]
    let environment = own.merging(environment) { $1 }
    let wrapper = hosts.map { Tool.withHosts + [$0] } ?? []
    let listen = port == nil ? ["--listen", place.address(self.port)] : []
    let line = place.launcher + wrapper + [Self.binary, "run"] + listen + flags
    process = try ChildProcess(line, environment: environment, output: directory.file("log"))
    do {
      try meanwhile(process)
      try eventually("the ambassador listens on \(self.port)") {
        !process.isRunning || (try? connect(patience: .seconds(2))) != nil
      }
      // It listens first, and opens these then.
      let isToldOf = { (name: String) in flags.contains("--admin-\(name)") }
      let sockets = [
        environment["REDIS_AMB_ADMIN_SOCKET"] == controlSocket && !isToldOf("socket") ? controlSocket : nil,
        environment["REDIS_AMB_ADMIN_HTTP"] == "unix:" + httpSocket && !isToldOf("http") ? httpSocket : nil,
      ].compactMap(\.self)
      try eventually("its sockets are there") {
        !process.isRunning || sockets.allSatisfy { access($0, F_OK) == 0 }
      }
      try check(process.isRunning, "the ambassador does not start")
    } catch { throw Failure("\(error)\n\(report)") }
  }

  deinit {
    let crash = crash
    process.terminate()
    if let crash { print("\(crash)\n\(report)") }
  }

  /// Waits until the group is served in both roles: a write goes through, and each replica has had a read.
  public func waitUntilServing(_ group: RedisGroup, readsOnReplicas: Bool) throws {
    let client = try connect()
    do {
      try eventually("the ambassador answers PONG") { try client.call("PING") == .simple("PONG") }
      try eventually("a write goes through") { try client.call("DEL", "redis-amb:probe") == .integer(0) }
      try eventually("a read goes through") { try client.call("STRLEN", "redis-amb:probe") == .integer(0) }
      for replica in readsOnReplicas ? group.replicas : [] {
        let before = try replica.calls(of: "strlen")
        try eventually("replica \(replica.port) is used for reads") {
          for _ in 0..<20 { try client.call("STRLEN", "redis-amb:probe") }
          return try replica.calls(of: "strlen") > before
        }
      }
    } catch { throw Failure("\(error)\n\(report)") }
  }

  /// Sends SIGTERM and says how it ended; nil when it had to be killed.
  @discardableResult
  public func stop() -> ChildProcess.Exit? { process.terminate() }

  /// SIGKILL, and gone when this returns.
  public func kill() { process.end() }

  public var pid: Int32 { process.pid }

  /// Sends it a signal and goes on.
  public func signal(_ number: Int32) { process.signal(number) }

  public func waitForExit(within duration: Duration = Deadline.patience) throws -> ChildProcess.Exit {
    try process.waitForExit(within: duration)
  }

  /// Whether `words` are in its status as JSON.
  public func status(contains words: String) throws -> Bool {
    try RESPClient(unixPath: controlSocket).call("STATUS", "JSON").text?.contains(words) == true
  }

  public var isRunning: Bool { process.isRunning }
  /// What it has logged so far.
  public var log: String { process.output }
  public var residentMemory: Int { get throws { try process.memory("VmRSS") } }
  public var peakMemory: Int { get throws { try process.memory("VmHWM") } }

  /// How it died, when nobody asked it to.
  public var crash: String? { process.exit.map { "the ambassador ended by itself: \($0)" } }

  /// What it was started as and the end of what it said.
  public var report: String {
    let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false).suffix(60)
    return "--- \(process.command)\n\(crash ?? "running")\n\(lines.joined(separator: "\n"))\n---"
  }
}

/// Where the sources are.
public enum PackageDirectory {
  public static let path: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(3)
    return parts.joined(separator: "/")
  }()
}
