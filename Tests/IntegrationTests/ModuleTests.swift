import TestSupport
import Testing

/// Commands that the servers have from a module.
@Suite(.throughTheAmbassador)
struct ModuleTests {
  @Test(arguments: [2, 3])
  func `HELLO tells of the servers' modules`(version: Int) throws {
    let module = try TestModule()
    try withLab(options: ["--loadmodule", module.path, "one", "two"]) { lab in
      func modules(_ client: RESPClient) throws -> RESPValue? {
        switch try client.call("HELLO", "\(version)") {
        case .map(let items), .array(let items): items.last
        default: nil
        }
      }
      let truth = try modules(try lab.primary.connect())
      try check(truth != .array([]), "no module is loaded")
      try expectEqual(try modules(try lab.connect()), truth)
    }
  }

  @Test func `they are routed by their flags, and writes of keys that they do not name are seen`() throws {
    let module = try TestModule()
    try withLab(options: ["--loadmodule", module.path], relayed: true) { lab in
      let (writer, reader) = (try lab.connect(), try lab.connect())
      try expectEqual(try writer.call("AMB.PUT", "a", "1"), .simple("OK"))
      try eventually("it is read from a replica") {
        try lab.redis.calls(of: "amb.index") {
          try expectEqual(try reader.call("AMB.INDEX", "any"), .bulk("1"))
        }[0] == 0
      }
      for relay in lab.redis.relays { relay.hold() }
      try expectEqual(try writer.call("AMB.PUT", "b", "2"), .simple("OK"))
      try expectEqual(try reader.call("AMB.INDEX", "any"), .bulk("2"))
      try expectEqual(try reader.call("GET", "amb:index"), .bulk("2"))
    }
  }
}
