import TestSupport
import Testing

/// The subcommands that speak to a running ambassador.
@Suite(.throughTheAmbassador)
struct ControlClientTests {
  private func run(_ lab: Lab, _ words: String...) throws -> String {
    try Tool.run(
      [AmbassadorProcess.binary] + words, environment: ["REDIS_AMB_ADMIN_SOCKET": try lab.ambassador.controlSocket])
  }

  @Test func `each says what the socket says`() throws {
    try withLab(replicas: 1) { lab in
      try check(try run(lab, "status").contains("\(lab.primary.address)  primary  ok"), "status")
      try check(try run(lab, "status", "--json").hasPrefix("{\"version\":"), "status --json")
      try check(try run(lab, "explain", "SET", "k", "-1").contains("set goes to the primary"), "explain")
      try check(
        try run(lab, "explain", "--socket", try lab.ambassador.controlSocket, "GET", "k").contains("replica"), "explain"
      )
      try check(try run(lab, "top").contains("NODE"), "top without a terminal")
      try check(try run(lab, "pause").hasPrefix("OK writes wait"), "pause")
      try check(try run(lab, "status").contains("writes are paused"), "status of a pause")
      try check(try run(lab, "resume").hasPrefix("OK writes go on"), "resume")
      try expectEqual(try lab.connect().call("SET", "k", "v"), .simple("OK"))
    }
  }

  @Test func `top gives the terminal back as it was`() throws {
    guard let script = Tool.find("script") else { throw Failure("there is no script") }
    try withLab(replicas: 0) { lab in
      let command = "stty -g; \(AmbassadorProcess.binary) top --socket \(try lab.ambassador.controlSocket); stty -g"
      let output = try Tool.run([script, "-qec", command, "/dev/null"], input: "xq")
      let entered = output.range(of: "\u{1B}[?1049h\u{1B}[?25l")
      let left = output.range(of: "\u{1B}[?25h\u{1B}[?1049l")
      guard let entered, let left, entered.upperBound < left.lowerBound else { throw Failure(output) }
      try check(output[entered.upperBound..<left.lowerBound].contains(lab.primary.address), output)
      let settings = [output[..<entered.lowerBound], output[left.upperBound...]].map { $0.filter { !$0.isWhitespace } }
      // The terminal has echoed what was typed ahead.
      try check(settings[0].hasSuffix(settings[1]) && !settings[1].isEmpty, "\(settings)")
    }
  }

  @Test func `drain waits for the end`() throws {
    let group = try RedisGroup(replicas: 0)
    let ambassador = try AmbassadorProcess(primary: group.primary.address)
    let said = try Tool.run([AmbassadorProcess.binary, "drain", "--socket", ambassador.controlSocket, "2"])
    try check(said.hasSuffix("ended\n"), said)
    try eventually("it has ended") { !ambassador.isRunning }
  }

  @Test(arguments: ["status", "top", "pause", "resume", "drain", "reload", "explain GET k"])
  func `when nobody listens it is said in one sentence`(command: String) throws {
    let directory = try TemporaryDirectory()
    let log = directory.file("log")
    let words = command.split(separator: " ").map(String.init)
    let child = try ChildProcess(
      [AmbassadorProcess.binary, words[0], "--socket", directory.file("none.sock")] + words.dropFirst(), output: log)
    try expectEqual(try child.waitForExit(), .code(1))
    try check(
      child.output.hasPrefix("redis-amb: no ambassador at \(directory.path)/none.sock: there is no such socket"),
      child.output)
    try expectEqual(child.output.filter { $0 == "\n" }.count, 1)
  }
}

extension String {
  fileprivate func range(of part: String) -> Range<String.Index>? { ranges(of: part).first }
}
