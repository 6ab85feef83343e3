import TestSupport
import Testing

/// `redis-amb check`, as a person or a pipeline runs it.
@Suite(.throughTheAmbassador)
struct CheckTests {
  private func run(
    _ configuration: String, _ more: String...
  ) throws -> (exit: ChildProcess.Exit, said: String, path: String) {
    let directory = try TemporaryDirectory()
    let path = try directory.write(configuration, to: "redis-amb.yaml")
    let process = try ChildProcess(
      [AmbassadorProcess.binary, "check", "--config", path] + more, output: directory.file("said"))
    return (try process.waitForExit(), process.output, path)
  }

  @Test func `what run would refuse is said, all at once, with exit code 64`() throws {
    let socket = "/run/" + String(repeating: "x", count: 110)
    let (exit, said, path) = try run(
      """
      listen: [redis-amb:6379]
      topology: {static: {primary: redis-0}}
      admin: {http: "redis-amb:9121", socket: \(socket)}
      upstream: {username: app}
      """)
    try expectEqual(exit, .code(64))
    let lines = said.split(separator: "\n").map(String.init)
    try expectEqual(lines.count, 3, said)
    try expectEqual(
      lines[0],
      "\(path):1:10: listen: found \"redis-amb:6379\", expected host:port (port 6379 if left out) or unix:/path; "
        + "give an IP address of this machine, not a name")
    try check(lines[1].hasPrefix("\(path):3:15: admin.http: found \"redis-amb:9121\""), lines[1])
    try check(lines[2].hasSuffix("expected the path of a socket, of at most 107 bytes, or none"), lines[2])
    let (second, contradiction, _) = try run("topology: {static: {primary: redis-0}}\nupstream: {username: app}\n")
    try expectEqual(second, .code(64))
    try check(
      contradiction.contains("upstream.username: found \"app\", expected upstream.password-file"), contradiction)
  }

  @Test func `a secret that is not here is noted, and no error`() throws {
    let directory = try TemporaryDirectory()
    let (here, empty) = (try directory.write("secret", to: "here"), try directory.write("", to: "empty"))
    let (exit, said, path) = try run(
      "topology: {sentinel: {addresses: [s], password-file: /nowhere}}\nupstream: {password-file: \(here)}\n")
    try expectEqual(exit, .code(0))
    try expectEqual(
      said,
      "note: topology.sentinel.password-file: secret file \"/nowhere\" cannot be read here: No such file or directory\n"
        + "OK: \(path)\n")
    let (_, other, _) = try run("topology: {static: {primary: a}}\n", "--upstream-password-file", empty)
    try check(other.hasPrefix("note: upstream.password-file: secret file \"\(empty)\" is empty\nOK: "), other)
  }
}
