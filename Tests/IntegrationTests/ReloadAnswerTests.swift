import Glibc
import TestSupport
import Testing

/// What whoever asks for a reload is told, and when.
@Suite(.throughTheAmbassador)
struct ReloadAnswerTests {
  @Test func `the plan is said at once, and what came of it when it is in force`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisServer(started: false))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: false)
      try lab.replace("topology: {static: {primary: \(two.address)}}\n")
      let plan = "topology.static.primary: \(one.primary.address) -> \(two.address)"
      let directory = try TemporaryDirectory()
      let command = try ChildProcess(
        [AmbassadorProcess.binary, "reload", "--socket", lab.ambassador.controlSocket], output: directory.file("out"))
      try eventually("the plan is said") { command.output.hasPrefix(plan + "\nnodes added: \(two.address)\n") }
      // One that joins is told as well, and may go before the end.
      let other = try lab.control()
      try other.call("HELLO", "3")
      try other.send(Request.bytes(["RELOAD"]))
      try expectEqual(
        try other.reply().value,
        .push([.bulk("reload-plan"), .bulk(plan), .bulk("nodes added: \(two.address)")]))
      other.close()
      let patient = try lab.control()
      try patient.send(Request.bytes(pipeline: [["RELOAD"], ["PING"]]))
      try check(command.isRunning && !lab.ambassador.log.contains(ReloadLab.inForce), "it is in force already")
      try two.start()
      try expectEqual(try command.waitForExit(), .code(0))
      let result = command.output.split(separator: "\n").dropFirst(2).map(String.init)
      try check(result.first?.hasPrefix("in force after ") == true && result.count == 4, command.output)
      try expectEqual(result[1], "nodes added: \(two.address)")
      // In RESP2 there is but one answer.
      let lines = try patient.reply().value.elements?.compactMap(\.text) ?? []
      try check(lines.first == plan && lines.contains { $0.hasPrefix("in force after ") }, "\(lines)")
      try expectEqual(try patient.reply().value, .simple("PONG"))
    }
  }

  @Test func `each who asks is answered and counted once, also those who come as a reload is applied`() throws {
    let group = try RedisGroup(replicas: 0)
    try ReloadLab.with(ReloadLab.following(group)) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: false)
      let clients = try (0..<10).map { _ in try lab.control() }
      for client in clients { try expectEqual(try client.call("PING"), .simple("PONG")) }
      // All of them are there when it looks, and so come before the first is done.
      lab.ambassador.signal(SIGSTOP)
      try lab.replace(ReloadLab.following(group, "log: {level: debug}\n"))
      for client in clients { try client.send(Request.bytes(["RELOAD"])) }
      lab.ambassador.signal(SIGCONT)
      for client in clients {
        let reply = try client.reply().value
        try check(!reply.isError, "got \(reply)")
      }
      try expectEqual(try counts(lab), ["done": 1, "unchanged": 9])
    }
  }

  /// With a reload under way to a primary that is not there yet.
  private func withPrimaryThatIsNotThere(
    _ body: (_ lab: ReloadLab, _ present: RedisGroup, _ absent: RedisServer) throws -> Void
  ) throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisServer(started: false))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: false)
      try lab.replace("topology: {static: {primary: \(two.address)}}\n")
      try eventually("it looks at the new nodes") { lab.ambassador.log.contains("the files have changed: ") }
      try body(lab, one, two)
    }
  }

  @Test func `one that waits is counted to its end, and the status says that it waits and why`() throws {
    try withPrimaryThatIsNotThere { lab, _, two in
      let command = try reload(lab.ambassador)
      try expectEqual(try command.process.waitForExit(), .code(1))
      try check(
        command.process.output.contains("redis-amb: WAITING not in force yet, and what was in force goes on: "),
        command.process.output)
      // The change of the file is one who asks.
      try expectEqual(try counts(lab), ["waiting": 2])
      try check(try lab.status(contains: "\"configuration\":{\"current\":false,"), "it is said to be in force")
      let lines = try lab.control().call("STATUS").elements?.compactMap(\.text) ?? []
      try check(lines.contains { $0.hasPrefix("reload   waiting ") && $0.contains(two.address) }, "\(lines)")
      try two.start()
      try eventually("it is in force") { try counts(lab) == ["waiting": 2, "done": 1] }
      try check(try lab.status(contains: "\"configuration\":{\"current\":true,"), "it is said not to be in force")
    }
  }

  @Test func `one in whose place another comes is answered`() throws {
    try withPrimaryThatIsNotThere { lab, one, _ in
      let command = try reload(lab.ambassador)
      try lab.replace(ReloadLab.following(one))
      try expectEqual(try command.process.waitForExit(), .code(1))
      try check(
        command.process.output.contains("redis-amb: SUPERSEDED another reload has come"), command.process.output)
      try eventually("that one has ended, too") { try counts(lab) == ["superseded": 2, "unchanged": 1] }
    }
  }

  @Test func `a file that is refused is seen in the status until it is right again`() throws {
    let group = try RedisGroup(replicas: 0)
    try ReloadLab.with(ReloadLab.following(group)) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: false)
      func isCurrent(_ number: Int) throws -> Bool {
        try lab.ambassador.page("/metrics").body.contains("\nredis_amb_configuration_current \(number)\n")
      }
      try check(try isCurrent(1), "at the start")
      try lab.replace(ReloadLab.following(group, "reads: {polcy: any}\n"))
      try eventually("it is refused") { try isCurrent(0) }
      try check(try lab.status(contains: "redis-amb.yaml:2:9: reads.polcy: unknown setting"), "no reason")
      let lines = try lab.control().call("STATUS").elements?.compactMap(\.text) ?? []
      try check(lines.contains { $0.contains(" ago, what was in force goes on: ") }, "\(lines)")
      try lab.replace(ReloadLab.following(group))
      try eventually("all is well") { try isCurrent(1) }
      try expectEqual(try counts(lab), ["refused": 1, "unchanged": 1])
    }
  }

  @Test func `the service manager hears of a reload, and of none when the end has begun`() throws {
    let (group, other) = (try RedisGroup(replicas: 0), try RedisServer(started: false))
    let directory = try TemporaryDirectory()
    let manager = try DatagramListener(path: directory.file("notify.sock"))
    let file = try directory.write(ReloadLab.following(group), to: "redis-amb.yaml")
    let ambassador = try AmbassadorProcess(
      topology: ["--config", file], environment: ["NOTIFY_SOCKET": directory.file("notify.sock")])
    func expect(_ start: String) throws {
      let notice = try manager.next()
      try check(notice.hasPrefix(start), "got \(notice), expected \(start)")
    }
    try expect("READY=1\nSTATUS=serving on")
    try check(!(try RESPClient(unixPath: ambassador.controlSocket).call("RELOAD").isError), "RELOAD")
    try expect("RELOADING=1\nMONOTONIC_USEC=")
    try expect("READY=1\nSTATUS=configuration: unchanged")
    let new = try directory.write("topology: {static: {primary: \(other.address)}}\n", to: "new")
    try check(rename(new, file) == 0, "rename")
    try expect("RELOADING=1\n")
    let command = try reload(ambassador)
    try expect("RELOADING=1\n")
    ambassador.signal(SIGTERM)
    try expect("STOPPING=1\n")
    try expectEqual(try command.process.waitForExit(), .code(1))
    try check(
      command.process.output.contains("redis-amb: ABANDONED redis-amb is shutting down"), command.process.output)
    try expectEqual(try ambassador.waitForExit(), .code(0))
    let last = try? manager.next(within: .zero)
    try check(last == nil, "got \(last ?? "") after the end")
  }

  /// `redis-amb reload`, which has been told the plan and waits for what comes of it.
  private func reload(_ ambassador: AmbassadorProcess) throws -> (process: ChildProcess, directory: TemporaryDirectory)
  {
    let directory = try TemporaryDirectory()
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "reload", "--socket", ambassador.controlSocket], output: directory.file("out"))
    try eventually("the plan is said: \(process.output)") { process.output.contains("nodes added: ") }
    return (process, directory)
  }

  /// How many reloads have ended how, as the metrics say; without those that none has.
  private func counts(_ lab: ReloadLab) throws -> [String: Int] {
    let start = "redis_amb_reloads_total{outcome=\""
    var counts: [String: Int] = [:]
    for line in try lab.ambassador.page("/metrics").body.split(separator: "\n") where line.hasPrefix(start) {
      let parts = line.dropFirst(start.count).split(separator: "\"")
      let number = parts.last.flatMap { Int($0.dropFirst(2)) } ?? -1
      if let outcome = parts.first, number != 0 { counts[String(outcome)] = number }
    }
    return counts
  }
}
