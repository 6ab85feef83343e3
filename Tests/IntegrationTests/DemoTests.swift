import Glibc
import TestSupport
import Testing

/// What somebody does who has just found the README.
@Suite(.throughTheAmbassador, .serialized)
struct DemoTests {
  /// A SIGHUP comes when its terminal is closed.
  @Test(arguments: [SIGINT, SIGHUP]) func `the first sixty seconds, and nothing is left of them`(signal: Int32) throws {
    let directory = try TemporaryDirectory()
    let port = try PortLease().port
    let demo = try ChildProcess(
      [AmbassadorProcess.binary, "demo", "--port", "\(port)"], output: directory.file("said"))
    do {
      try eventually("it introduces itself") { demo.output.contains("Ctrl-C ends everything.") }
      let servers = try nodes(demo.output).map { try process(at: $0) }
      try expectEqual(servers.count, 3)
      let app = try RESPClient(port: port)
      try expectEqual(try app.call("SET", "greeting", "hello"), .simple("OK"))
      try expectEqual(try app.call("GET", "greeting"), .bulk("hello"))
      let explained = try Tool.run(try explain(demo.output))
      try check(explained.hasPrefix("get goes to a replica (readonly-command)"), explained)
      demo.signal(signal)
      try expectEqual(try demo.waitForExit(), .code(0))
      for server in servers { try check(kill(server, 0) != 0 && errno == ESRCH, "redis-server \(server) is alive") }
    } catch { throw Failure("\(error)\n\(demo.output)") }
  }

  /// The ports of the redis-servers that it names.
  private func nodes(_ said: String) throws -> [UInt16] {
    said.split(separator: "\n").filter { $0.contains(" primary 127.0.0.1:") || $0.contains(" replica 127.0.0.1:") }
      .compactMap { line in line.split(separator: ":").last.flatMap { UInt16($0) } }
  }

  private func process(at port: UInt16) throws -> pid_t {
    let lines = try RESPClient(port: port).call("INFO", "server").text?.split(whereSeparator: \.isNewline) ?? []
    guard let line = lines.first(where: { $0.hasPrefix("process_id:") }), let pid = pid_t(line.dropFirst(11)) else {
      throw Failure("no process id at \(port)")
    }
    return pid
  }

  /// The command line that it suggests, with the socket that it names.
  private func explain(_ said: String) throws -> [String] {
    guard let line = said.split(separator: "\n").first(where: { $0.hasSuffix(" GET greeting") }) else {
      throw Failure("it does not say how to ask")
    }
    return line.split(separator: " ").map(String.init)
  }
}
