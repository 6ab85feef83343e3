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
      for command in Transcript.commands {
        let request = Request.bytes(command)
        do {
          try reference.send(request)
          let expected = try reference.reply()
          try client.send(request)
          let got = try client.reply()
          try expectEqual(got.bytes.printable, expected.bytes.printable)
          try check(got.bytes == expected.bytes, "bytes beyond the first differ")
        } catch { throw Failure("\(command.joined(separator: " ")): \(error)") }
        // A read that follows may run on a replica, and this test is not about how soon those know of a write.
        try lab.redis.settle()
      }
    }
  }

  @Test(arguments: [2, 3])
  func `the same as one pipeline`(version: Int) throws {
    try withLab { lab in
      let bare = try RedisServer()
      let client = try lab.connect()
      let reference = try bare.connect()
      for connection in [client, reference] {
        try connection.call("HELLO", "\(version)")
        try connection.send(Request.bytes(pipeline: Transcript.commands))
      }
      for command in Transcript.commands {
        let expected = try reference.reply()
        let got = try client.reply()
        try expectEqual(got.bytes.printable, expected.bytes.printable, command.joined(separator: " "))
      }
    }
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
