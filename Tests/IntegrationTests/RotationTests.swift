import Glibc
import TestSupport
import Testing

/// Passwords that change while both the old and the new one hold, as they do when somebody rotates them.
@Suite(.throughTheAmbassador, .serialized)
struct RotationTests {
  private static let (old, new) = ("first-secret-9f3c", "second-secret-77ab")

  private func allow(_ password: String, as user: String = "amb", on group: RedisGroup) throws {
    for node in group.nodes {
      try expectEqual(
        try node.call("ACL", "SETUSER", user, "on", ">\(password)", "~*", "&*", "+@all"), .simple("OK"))
    }
  }

  private func forbid(_ password: String, on group: RedisGroup) throws {
    for node in group.nodes { try expectEqual(try node.call("ACL", "SETUSER", "amb", "<\(password)"), .simple("OK")) }
  }

  private func start(_ group: RedisGroup, _ volume: MountedVolume, user: String = "amb") throws -> ReloadLab {
    try ReloadLab(configuration(group, volume, user: user))
  }

  private func configuration(_ group: RedisGroup, _ volume: MountedVolume, user: String) -> String {
    ReloadLab.following(group, "upstream: {username: \(user), password-file: \(volume.file("password"))}\n")
  }

  private func connections(to node: RedisServer, as user: String) throws -> Int {
    let list = try node.call("CLIENT", "LIST").text ?? ""
    return list.split(separator: "\n").count { $0.contains(" user=\(user) ") }
  }

  @Test func `a rotated password under load: no error, and no storm of connections`() throws {
    let group = try RedisGroup(replicas: 1)
    try allow(Self.old, on: group)
    let volume = try MountedVolume(["password": Self.old + "\n"])
    let lab = try start(group, volume)
    do {
      let load = Appenders(lab.ambassador)
      try load.goOn()
      let before = Int(try group.primary.info("stats")["total_connections_received"] ?? "") ?? 0
      try allow(Self.new, on: group)
      let attempts = try group.primary.calls(of: "auth")
      try volume.swap(["password": Self.new + "\n"])
      try eventually("it is in force: \(lab.ambassador.report)") { lab.ambassador.log.contains(ReloadLab.inForce) }
      try load.goOn()
      try check(try group.primary.calls(of: "auth") > attempts + 1, "nobody has authenticated anew")
      try forbid(Self.old, on: group)
      try load.goOn()
      try load.finish(on: [group.primary])
      let after = Int(try group.primary.info("stats")["total_connections_received"] ?? "") ?? 0
      try check(after - before < 60, "\(after - before) connections to the primary, most of them the test's own")
      // New connections know the new one.
      try group.primary.killClients { $0.contains(" user=amb ") }
      let client = try lab.ambassador.connect()
      try eventually("served by new connections") { try client.call("SET", "key", "1") == .simple("OK") }
      try expectSilence(lab)
    } catch { throw Failure("\(error)\n\(lab.ambassador.report)") }
  }

  @Test func `a password that the servers do not know yet does no harm, and is taken when they do`() throws {
    let group = try RedisGroup(replicas: 1)
    try allow(Self.old, on: group)
    let volume = try MountedVolume(["password": Self.old])
    let lab = try start(group, volume)
    do {
      try lab.ambassador.waitUntilServing(group, readsOnReplicas: true)
      let load = Appenders(lab.ambassador, clients: 3)
      try volume.swap(["password": Self.new])
      try eventually("the change is seen") { lab.ambassador.log.contains("upstream.password-file: the file holds") }
      try load.goOn(200)
      try check(!lab.ambassador.log.contains(ReloadLab.inForce), "it is in force already")
      try allow(Self.new, on: group)
      try eventually("it is in force") { lab.ambassador.log.contains(ReloadLab.inForce) }
      try forbid(Self.old, on: group)
      try load.goOn()
      try load.finish(on: [group.primary])
      try expectSilence(lab)
    } catch { throw Failure("\(error)\n\(lab.ambassador.report)") }
  }

  @Test func `another user takes over, and the one before can be deleted`() throws {
    let group = try RedisGroup(replicas: 1)
    try allow(Self.old, on: group)
    try allow(Self.new, as: "amb2", on: group)
    let volume = try MountedVolume(["password": Self.old])
    let lab = try start(group, volume)
    do {
      let subscriber = try lab.ambassador.connect()
      try subscriber.call("SUBSCRIBE", "news")
      let load = Appenders(lab.ambassador)
      try load.goOn()
      // The file names the user, and another file holds the password: whatever comes second completes the change.
      let second = try MountedVolume(["password": Self.new])
      try lab.reload(configuration(group, second, user: "amb2"))
      try eventually("nothing is left of the user of before") {
        try group.nodes.allSatisfy { try connections(to: $0, as: "amb") == 0 }
      }
      for node in group.nodes { try node.call("ACL", "DELUSER", "amb") }
      try load.goOn()
      try load.finish(on: [group.primary])
      try lab.ambassador.connect().call("PUBLISH", "news", "hello")
      try expectEqual(try subscriber.reply().value, .array([.bulk("message"), .bulk("news"), .bulk("hello")]))
      try expectSilence(lab)
    } catch { throw Failure("\(error)\n\(lab.ambassador.report)") }
  }

  /// Nobody has said a password.
  private func expectSilence(_ lab: ReloadLab) throws {
    let control = try RESPClient(unixPath: lab.ambassador.controlSocket)
    let told = try ["STATUS", "RELOAD"].map { "\(try control.call($0))" } + ["\(try control.call("STATUS", "JSON"))"]
    let title = text(ofFile: "/proc/\(lab.ambassador.pid)/cmdline") ?? ""
    let environment = text(ofFile: "/proc/\(lab.ambassador.pid)/environ") ?? ""
    for words in told + [lab.ambassador.log, title, environment] {
      for secret in [Self.old, Self.new] { try check(!words.contains(secret), "a password is told: \(words)") }
    }
  }
}
