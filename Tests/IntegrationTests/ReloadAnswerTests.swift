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
}
