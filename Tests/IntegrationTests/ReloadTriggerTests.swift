import Glibc
import TestSupport
import Testing

/// What makes it read its files again, and what becomes of files that are wrong.
@Suite(.throughTheAmbassador)
struct ReloadTriggerTests {
  private static let name = "redis-amb.yaml"

  private func start(_ volume: MountedVolume) throws -> AmbassadorProcess {
    try AmbassadorProcess(topology: ["--config", volume.file(Self.name)])
  }

  private func policy(_ group: RedisGroup, _ policy: String) -> [String: String] {
    [Self.name: ReloadLab.following(group, "reads: {policy: \(policy)}\n")]
  }

  @Test func `the way Kubernetes swaps a ConfigMap is noticed, again and again`() throws {
    let group = try RedisGroup(replicas: 1)
    let volume = try MountedVolume(policy(group, "prefer-replica"))
    let ambassador = try start(volume)
    try ambassador.waitUntilServing(group, readsOnReplicas: true)
    let client = try ambassador.connect()
    for (index, word) in ["primary", "replica", "primary"].enumerated() {
      try volume.swap(policy(group, word))
      try eventually("reads.policy \(word) is in force") {
        ambassador.log.components(of: ReloadLab.inForce) == index + 1
      }
      let calls = try group.calls(of: "get") { for _ in 0..<20 { try client.call("GET", "key") } }
      // Writes of before are proven to be there first.
      try check(word == "primary" ? calls == [20, 0] : calls[1] >= 10, "\(word): \(calls)")
    }
  }

  @Test func `changes that come together are one`() throws {
    let group = try RedisGroup(replicas: 0)
    try ReloadLab.with(ReloadLab.following(group)) { lab in
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: false)
      for count in 1...10 {
        try lab.replace(ReloadLab.following(group, "upstream: {max-pinned: \(count)}\n"))
        // One after the other, as the loop sees them.
        try expectEqual(try lab.control().call("PING"), .simple("PONG"))
      }
      try eventually("the last one is in force") { lab.ambassador.log.contains("-> 10") }
      try eventually("it is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      let reloads = lab.count("the files have changed")
      try check(reloads <= 3, "\(reloads) reloads")
    }
  }

  /// Who writes the file and says so need not know whether the ambassador is up yet.
  @Test func `a SIGHUP that comes while it starts is a reload, not its end`() throws {
    let group = try RedisGroup(replicas: 0)
    let directory = try TemporaryDirectory()
    let path = directory.file(Self.name)
    try check(mkfifo(path, 0o600) == 0, "mkfifo")
    let ambassador = try AmbassadorProcess(topology: ["--config", path]) { process in
      let text = ReloadLab.following(group)
      try feed(path, text, replacedBy: text) { process.signal(SIGHUP) }
    }
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
    try eventually("it has reloaded") { ambassador.log.contains("SIGHUP") }
  }

  /// The others change the file, which is noticed by itself.
  @Test func `a SIGHUP alone makes it read its files again`() throws {
    try ReloadLab.with(ReloadLab.following(try RedisGroup(replicas: 0))) { lab in
      lab.ambassador.signal(SIGHUP)
      try eventually("it says what it has found") { lab.ambassador.log.contains("SIGHUP: nothing changes") }
    }
  }

  @Test func `a file that is changed between being read and being watched is read again`() throws {
    let group = try RedisGroup(replicas: 0)
    let directory = try TemporaryDirectory()
    let path = directory.file(Self.name)
    try check(mkfifo(path, 0o600) == 0, "mkfifo")
    let ambassador = try AmbassadorProcess(topology: ["--config", path]) { _ in
      try feed(path, ReloadLab.following(group), replacedBy: ReloadLab.following(group, "reads: {policy: primary}\n"))
    }
    try eventually("it is in force") { ambassador.log.contains(ReloadLab.inForce) }
    try check(ambassador.log.contains("reads.policy: prefer-replica -> primary"), ambassador.log)
  }

  @Test func `so is a secret`() throws {
    let group = try RedisGroup(replicas: 0)
    try group.primary.call("ACL", "SETUSER", "amb", "on", ">second", "~*", "&*", "+@all")
    let directory = try TemporaryDirectory()
    let path = directory.file("password")
    let upstream = "upstream: {username: amb, password-file: \(path)}\n"
    let file = try directory.write(ReloadLab.following(group, upstream), to: Self.name)
    try check(mkfifo(path, 0o600) == 0, "mkfifo")
    let ambassador = try AmbassadorProcess(topology: ["--config", file]) { _ in
      try feed(path, "first", replacedBy: "second")
    }
    try ambassador.waitUntilServing(group, readsOnReplicas: false)
  }

  /// Gives a program that is about to read a pipe one text, and puts a file with another one there before it has read the first.
  /// - Parameter meanwhile: what to do while it reads.
  private func feed(
    _ path: String, _ text: String, replacedBy other: String, meanwhile: () -> Void = {}
  ) throws {
    // Opens once the program does, which then waits for what to read.
    let pipe = open(path, O_WRONLY)
    try check(pipe >= 0, "cannot open the pipe")
    defer { close(pipe) }
    let new = path + ".new"
    guard let stream = fopen(new, "we") else { throw Failure("create \(new)") }
    fputs(other, stream)
    fclose(stream)
    try check(rename(new, path) == 0, "rename")
    meanwhile()
    try check(write(pipe, text, text.utf8.count) == text.utf8.count, "cannot write to the pipe")
  }

  @Test func `a directory that disappears does no harm, and is taken up again when it returns`() throws {
    let group = try RedisGroup(replicas: 0)
    let volume = try MountedVolume(policy(group, "prefer-replica"))
    let ambassador = try start(volume)
    let client = try ambassador.connect()
    volume.remove()
    pause(.milliseconds(300))
    try expectEqual(try client.call("SET", "key", "value"), .simple("OK"))
    try volume.mount(policy(group, "primary"))
    try eventually("it is in force: \(ambassador.report)") { ambassador.log.contains(ReloadLab.inForce) }
    // And is watched again.
    try volume.swap(policy(group, "any"))
    try eventually("it is in force, too: \(ambassador.report)") {
      ambassador.log.components(of: ReloadLab.inForce) == 2
    }
    try expectEqual(try client.call("GET", "key"), .bulk("value"))
  }

  @Test func `a wrong file changes nothing, and says all that is wrong with it`() throws {
    let group = try RedisGroup(replicas: 0)
    try ReloadLab.with(ReloadLab.following(group)) { lab in
      let control = try RESPClient(unixPath: lab.ambassador.controlSocket)
      try lab.replace(
        "topology: {static: {primary: \(group.primary.address)}}\nreads: {polcy: primary}\nthreads: none\n")
      let reply = try control.call("RELOAD")
      for words in ["INVALID", "redis-amb.yaml:2:9: reads.polcy: unknown setting", "redis-amb.yaml:3:10: threads"] {
        try check("\(reply)".contains(words), "\(words) is not in \(reply)")
      }
      try expectEqual(try lab.ambassador.connect().call("SET", "key", "value"), .simple("OK"))
      try check(!lab.ambassador.log.contains(ReloadLab.inForce), "something is in force")
      let directory = try TemporaryDirectory()
      let command = try ChildProcess(
        [AmbassadorProcess.binary, "reload", "--socket", lab.ambassador.controlSocket], output: directory.file("out"))
      try expectEqual(try command.waitForExit(), .code(64))
      try check(command.output.contains("reads.polcy: unknown setting"), command.output)
      // A password that is not there is the same.
      try lab.replace(ReloadLab.following(group, "upstream: {password-file: /nowhere}\n"))
      let second = try control.call("RELOAD")
      try check("\(second)".contains("upstream.password-file: secret file"), "got \(second)")
      try expectEqual(try lab.ambassador.connect().call("GET", "key"), .bulk("value"))
    }
  }

  @Test func `a plan says what changes, what cannot, and changes nothing itself`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisGroup(replicas: 0))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      let control = try RESPClient(unixPath: lab.ambassador.controlSocket)
      try lab.replace(ReloadLab.following(two, "threads: 3\nlog: {level: debug}\n"))
      let plan = try control.call("RELOAD", "DRYRUN")
      guard case .array(let lines) = plan else { throw Failure("got \(plan)") }
      let texts = lines.compactMap(\.text)
      for line in [
        "topology.static.primary: \(one.primary.address) -> \(two.primary.address)", "log.level: info -> debug",
        "nodes added: \(two.primary.address)", "threads: auto -> 3 needs a restart, and stays as it is",
      ] { try check(texts.contains(line), "\(line) is not in \(texts)") }
      let told = try Tool.run(
        [AmbassadorProcess.binary, "reload", "--dry-run", "--socket", lab.ambassador.controlSocket])
      try expectEqual(told.split(separator: "\n").map(String.init), texts)
      try lab.ambassador.connect().call("SET", "key", "1")
      try expectEqual(try one.primary.call("EXISTS", "key"), .integer(1))
    }
  }

  @Test func `the answer comes when it is in force`() throws {
    let (one, two) = (try RedisGroup(replicas: 1), try RedisGroup(replicas: 1))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      try lab.ambassador.waitUntilServing(one, readsOnReplicas: true)
      let control = try RESPClient(unixPath: lab.ambassador.controlSocket)
      try lab.replace(ReloadLab.following(two))
      let answer = try control.call("RELOAD")
      guard case .array(let lines) = answer else { throw Failure("got \(answer)") }
      let texts = lines.compactMap(\.text)
      for (word, group) in [("added", two), ("removed", one)] {
        guard let line = texts.first(where: { $0.hasPrefix("nodes \(word): ") }) else { throw Failure("\(texts)") }
        for node in group.nodes { try check(line.contains(node.address), "\(node.address) is not in \(line)") }
      }
      try expectEqual(try lab.ambassador.connect().call("SET", "key", "1"), .simple("OK"))
      try expectEqual(try two.primary.call("EXISTS", "key"), .integer(1))
    }
  }

  @Test func `nodes without a primary do not take the place of those that have one, until they do`() throws {
    let (one, two) = (try RedisGroup(replicas: 0), try RedisServer(started: false))
    try ReloadLab.with(ReloadLab.following(one)) { lab in
      let client = try lab.ambassador.connect()
      try lab.replace("topology: {static: {primary: \(two.address)}}\n")
      lab.ambassador.signal(SIGHUP)
      for _ in 0..<50 {
        try expectEqual(try client.call("SET", "key", "1"), .simple("OK"))
        pause(.milliseconds(10))
      }
      try two.start()
      try eventually("it is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      try expectEqual(try client.call("SET", "other", "1"), .simple("OK"))
      try expectEqual(try two.call("EXISTS", "other"), .integer(1))
    }
  }
}
