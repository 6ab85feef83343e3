import TestSupport
import Testing

/// Through the ambassador or not, a client sees the same bytes.
struct FidelityTests {
  @Test(arguments: [2, 3])
  func `replies are byte for byte those of a redis-server`(version: Int) throws {
    try withLab { lab in
      let bare = try RedisServer()
      let client = try lab.connect()
      let reference = try bare.connect()
      for connection in [client, reference] { try connection.call("HELLO", "\(version)") }
      var differences: [String] = []
      for command in Transcript.commands {
        for connection in [client, reference] { try connection.send(Request.bytes(command)) }
        differences += try difference(client, reference, command)
        // A read that follows may run on a replica, and this test is not about how soon those know of a write.
        try lab.redis.settle()
      }
      try check(differences.isEmpty, "\(differences.count) differ\n" + differences.joined(separator: "\n"))
    }
  }

  @Test(arguments: [2, 3])
  func `replies are byte for byte those of a redis-server, also as one pipeline`(version: Int) throws {
    try withLab { lab in
      let bare = try RedisServer()
      let client = try lab.connect()
      let reference = try bare.connect()
      for connection in [client, reference] {
        try connection.call("HELLO", "\(version)")
        try connection.send(Request.bytes(pipeline: Transcript.commands))
      }
      var differences: [String] = []
      for command in Transcript.commands { differences += try difference(client, reference, command) }
      try check(differences.isEmpty, "\(differences.count) differ\n" + differences.joined(separator: "\n"))
    }
  }

  @Test
  func `what belongs to the session is answered as by a redis-server`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let reference = try lab.primary.connect()
      var differences: [String] = []
      for command in Transcript.sessions {
        for connection in [client, reference] { try connection.send(Request.bytes(command)) }
        differences += try difference(client, reference, command)
      }
      try check(differences.isEmpty, "\(differences.count) differ\n" + differences.joined(separator: "\n"))
    }
  }

  /// All of them are of interest at once, so this collects.
  private func difference(_ client: RESPClient, _ reference: RESPClient, _ command: [String]) throws -> [String] {
    let expected = try reference.reply().bytes
    let got = try client.reply().bytes
    if got == expected { return [] }
    return ["\(command.joined(separator: " ")): got \(got.printable), expected \(expected.printable)"]
  }

  /// DEBUG PROTOCOL speaks every type there is; push is left out, because it is no reply.
  @Test(arguments: [2, 3])
  func `every type of the protocol passes unchanged`(version: Int) throws {
    try withLab { lab in
      let client = try lab.connect()
      let reference = try lab.primary.connect()
      for connection in [client, reference] { try connection.call("HELLO", "\(version)") }
      for type in [
        "string", "integer", "double", "null", "array", "set", "map", "attrib", "verbatim", "true", "false", "bignum",
      ] {
        for connection in [client, reference] { try connection.send(Request.bytes(["DEBUG", "PROTOCOL", type])) }
        let expected = try reference.reply()
        try expectEqual(try client.reply().bytes.printable, expected.bytes.printable, type)
      }
      try expectEqual(try client.call("ECHO", "in step"), .bulk("in step"))
    }
  }

  @Test func `bytes of every kind survive in keys and values`() throws {
    try withLab { lab in
      let client = try lab.connect()
      let all = (0...255).map { UInt8($0) }
      let value = all + Array("\r\n$5\r\n*3\r\n-ERR\r\n".utf8) + all.reversed()
      try client.send(Request.bytes([Array("SET".utf8), all, value]))
      try expectEqual(try client.reply().value, .simple("OK"))
      try lab.redis.settle()
      try client.send(Request.bytes([Array("GET".utf8), all]))
      try expectEqual(try client.reply().value, .bulk(value))
    }
  }
}
