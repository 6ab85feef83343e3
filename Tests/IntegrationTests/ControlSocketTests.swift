import Glibc
import TestSupport
import Testing

/// The control socket of the real binary: how it comes, who may use it, and what it bears.
@Suite(.throughTheAmbassador)
struct ControlSocketTests {
  private func control(_ lab: Lab) throws -> RESPClient { try RESPClient(unixPath: lab.ambassador.controlSocket) }

  @Test func `only its owner may use it, and it goes with the process`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address)
    let path = ambassador.controlSocket
    do {
      var status = stat()
      try eventually("there is \(path)") { lstat(path, &status) == 0 }
      try expectEqual(status.st_mode & 0o777, 0o600)
      try check(status.st_mode & S_IFMT == S_IFSOCK, "it is no socket")
      let client = try RESPClient(unixPath: path)
      try expectEqual(try client.call("ping"), .simple("PONG"))
      try expectEqual(ambassador.stop(), .code(0))
      try check(lstat(path, &status) != 0, "\(path) is still there")
    }
  }

  @Test func `a socket that was left behind is replaced, and one in use is not`() throws {
    let group = try RedisGroup(replicas: 0)
    let directory = try TemporaryDirectory()
    let path = directory.file("deep/control.sock")
    let flags = ["--admin-socket", path]
    func isAnswered() throws -> Bool { try RESPClient(unixPath: path).call("PING") == .simple("PONG") }
    let first = try AmbassadorProcess(primary: group.primary.address, flags: flags)
    try eventually("it is answered") { try isAnswered() }
    // A second one does not take it away.
    let port = try PortLease().port
    let output = try? Tool.run(
      [AmbassadorProcess.binary, "run", "--listen", "127.0.0.1:\(port)", "--primary", "127.0.0.1:1"] + flags)
    try check(output == nil, "a second ambassador got the same socket")
    try expectEqual(try RESPClient(unixPath: path).call("PING"), .simple("PONG"))
    first.kill()
    try check(access(path, F_OK) == 0, "a killed process cannot clean up")
    let second = try AmbassadorProcess(primary: group.primary.address, flags: flags)
    try eventually("it is answered again") { try isAnswered() }
    withExtendedLifetime(second) {}
  }

  @Test func `none is none`() throws {
    try withLab(replicas: 0, flags: ["--admin-socket", "none"]) { lab in
      try expectEqual(access(try lab.ambassador.controlSocket, F_OK), -1)
    }
  }

  @Test func `redis-cli reads it`() throws {
    guard let cli = Tool.find("redis-cli") else { throw Failure("there is no redis-cli") }
    try withLab(replicas: 1) { lab in
      let path = try lab.ambassador.controlSocket
      func ask(_ words: String...) throws -> String { try Tool.run([cli, "-s", path] + words) }
      let list = try ask("commands")
      try check(list.contains("STATUS [JSON|MAP]"), list)
      try check(try ask("status", "help").contains("Latencies are"), "STATUS HELP")
      let status = try ask("STATUS")
      try check(status.hasPrefix("redis-amb 0."), status)
      for node in [lab.primary, lab.replicas[0]] { try check(status.contains(node.address), status) }
      try check(try ask("INFO").hasPrefix("redis-amb 0."), "INFO")
      try check(try ask("status", "json").hasPrefix("{\"version\":"), "JSON")
      try check(try Tool.run([cli, "-3", "-s", path, "status"]).contains("\nclients  "), "RESP3")
      try expectEqual(try ask("nonsense"), "ERR unknown command 'nonsense'; COMMANDS lists them\n\n")
      try expectEqual(try ask("STATUS", "a", "b"), "ERR wrong number of arguments; it is: STATUS [JSON|MAP]\n\n")
    }
  }

  @Test func `it speaks RESP as a server does`() throws {
    try withLab(replicas: 0) { lab in
      let client = try control(lab)
      try expectEqual(
        try client.pipeline([["PING"], ["STATUS", "MAP"], ["PING"], ["HELLO", "3"], ["STATUS", "MAP"]]).map(\.isError),
        [false, false, false, false, false])
      guard case .map = try client.call("STATUS", "MAP") else { throw Failure("no map in RESP3") }
      try client.send("ping\r\n\r\nPING\r\n")
      try expectEqual(try client.replies(2), [.simple("PONG"), .simple("PONG")])
      for piece in ["*1\r", "\n$4\r\nPI", "NG\r\n"] { try client.send(piece) }
      try expectEqual(try client.reply().value, .simple("PONG"))
      try client.send("*1\r\n$4\r\nQUIT\r\nPING\r\n")
      try expectEqual(try client.bytesUntilClosed(), Array("+OK\r\n".utf8))
    }
  }

  @Test(arguments: [
    ("*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
    ("*1\r\n$70000\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
    ("\"unbalanced\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
    (String(repeating: "x", count: 90_000), "-ERR Protocol error: "),
    ("*9999999\r\n" + String(repeating: "$1\r\na\r\n", count: 15_000), "-ERR Protocol error: "),
  ])
  func `nonsense ends the connection that sent it`(bytes: String, answer: String) throws {
    try withLab(replicas: 0) { lab in
      let client = try control(lab)
      // It may close before it has read all.
      try? client.send(bytes)
      let said = try client.bytesUntilClosed()
      try check(said.starts(with: answer.utf8) || bytes.count > 80_000 && said.isEmpty, said.printable)
      try expectEqual(try control(lab).call("PING"), .simple("PONG"))
    }
  }

  @Test func `many clients, silent ones, and ones that do not read harm nobody`() throws {
    try withLab(replicas: 0) { lab in
      var silent: [RESPClient] = []
      for _ in 0..<40 { silent.append(try control(lab)) }
      // Asks without ever reading: what it is owed is bounded, and it is served no further.
      let greedy = try control(lab)
      let questions = Request.bytes(pipeline: Array(repeating: ["STATUS", "JSON"], count: 500))
      questions.withUnsafeBytes { bytes in
        var sent = 0
        while sent < bytes.count,
          let count = try? greedy.sendSome(UnsafeRawBufferPointer(rebasing: bytes[sent...])), count > 0
        { sent += count }
      }
      let before = try lab.ambassador.residentMemory
      let client = try control(lab)
      for _ in 0..<200 { try expectEqual(try client.call("PING"), .simple("PONG")) }
      try expectEqual(try lab.connect().call("SET", "key", "1"), .simple("OK"))
      try check(try lab.ambassador.residentMemory < before + (4 << 20), "it grows")
      // The oldest silent ones had to go.
      try expectEqual(try silent[0].bytesUntilClosed(), [])
    }
  }
}
